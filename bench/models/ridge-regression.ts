/** Ridge regression of classes on vectors, by sums that can be added and subtracted: a held-out fold costs no second pass. */

interface LabelledVector {
  vector: Float32Array;
  /** Class */
  label: number;
}

const ridge = 3;

/** XᵀX and XᵀY of some rows; the intercept is the last column of X. */
export class RidgeSums {
  private constructor(
    readonly width: number,
    readonly classes: number,
    /** Lower triangle, row after row */
    private readonly square: Float64Array,
    /** [width, classes] */
    private readonly right: Float64Array,
  ) {}

  static of(rows: readonly LabelledVector[], classes: number): RidgeSums {
    const width = (rows[0]?.vector.length ?? 0) + 1;
    const square = new Float64Array((width * (width + 1)) / 2);
    const right = new Float64Array(width * classes);
    const row = new Float64Array(width).fill(1);
    for (const { vector, label } of rows) {
      row.set(vector);
      let at = 0;
      for (let a = 0; a < width; a += 1) {
        const value = row[a]!;
        for (let b = 0; b <= a; b += 1, at += 1) square[at] = square[at]! + value * row[b]!;
        right[a * classes + label] = right[a * classes + label]! + value;
      }
    }
    return new RidgeSums(width, classes, square, right);
  }

  /** Folds without rows add nothing. */
  static merge(parts: readonly RidgeSums[]): RidgeSums {
    const width = Math.max(...parts.map((part) => part.width));
    const some = parts.filter((part) => part.width === width);
    const total = (of: (part: RidgeSums) => Float64Array): Float64Array =>
      some.slice(1).reduce((sum, part) => sum.map((value, at) => value + of(part)[at]!), of(some[0] as RidgeSums)); // prettier-ignore
    const classes = some[0]?.classes ?? 0;
    return new RidgeSums(width, classes, total(({ square }) => square), total(({ right }) => right)); // prettier-ignore
  }

  subtract(part: RidgeSums): RidgeSums {
    if (part.width !== this.width) return this;
    const { width, classes } = this;
    return new RidgeSums(
      width,
      classes,
      this.square.map((value, at) => value - part.square[at]!),
      this.right.map((value, at) => value - part.right[at]!),
    );
  }

  /** Solves (XᵀX + ridge) W = XᵀY by Cholesky decomposition. */
  solve(): RidgeWeights {
    const { width, classes } = this;
    const lines = Array.from({ length: width }, (_, a) =>
      this.square.slice((a * (a + 1)) / 2, ((a + 1) * (a + 2)) / 2),
    );
    const weights = Array.from({ length: width }, (_, a) => this.right.slice(a * classes, (a + 1) * classes));
    for (let a = 0; a < width; a += 1) {
      const line = lines[a] as Float64Array;
      line[a] = line[a]! + ridge;
      for (let b = 0; b <= a; b += 1) {
        const other = lines[b] as Float64Array;
        let left = line[b]!;
        for (let k = 0; k < b; k += 1) left -= line[k]! * other[k]!;
        line[b] = a === b ? Math.sqrt(left) : left / other[b]!;
      }
    }
    const divided = (at: number): void => {
      const [own, by] = [weights[at] as Float64Array, lines[at]![at]!];
      for (let one = 0; one < classes; one += 1) own[one] = own[one]! / by;
    };
    const less = (at: number, other: number, factor: number): void => {
      const [own, from] = [weights[at] as Float64Array, weights[other] as Float64Array];
      for (let one = 0; one < classes; one += 1) own[one] = own[one]! - factor * from[one]!;
    };
    for (let a = 0; a < width; a += 1) {
      for (let k = 0; k < a; k += 1) less(a, k, lines[a]![k]!);
      divided(a);
    }
    for (let a = width - 1; a >= 0; a -= 1) {
      for (let k = a + 1; k < width; k += 1) less(a, k, lines[k]![a]!);
      divided(a);
    }
    return new RidgeWeights(weights, classes);
  }
}

export class RidgeWeights {
  constructor(
    /** [width, classes], the intercept last */
    private readonly weights: readonly Float64Array[],
    private readonly classes: number,
  ) {}

  /** @returns [classes] */
  scores(vector: Float32Array): Float64Array {
    const scores = new Float64Array(this.classes);
    this.weights.forEach((row, at) => {
      const value = at < vector.length ? vector[at]! : 1;
      for (let one = 0; one < scores.length; one += 1) scores[one] = scores[one]! + value * row[one]!;
    });
    return scores;
  }
}
