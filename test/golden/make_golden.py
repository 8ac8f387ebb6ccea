"""Makes the reference numbers that tests of the statistics and of the models' heads compare with.

    python3 -m venv /tmp/golden && /tmp/golden/bin/pip install -r test/golden/requirements.txt
    /tmp/golden/bin/python test/golden/make_golden.py

Every number comes from SciPy, statsmodels, scikit-learn, mpmath or a published table, or is worked out here from the formula
of the paper that is named; none comes from the code under test. The output is the same on every run.
"""

import json
from pathlib import Path

import mpmath
import numpy as np
import statsmodels.api as sm
from scipy import optimize, special, stats
from sklearn.calibration import calibration_curve
from sklearn.datasets import load_iris
from sklearn.decomposition import PCA
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import f1_score, label_ranking_average_precision_score, roc_curve, top_k_accuracy_score
from sklearn.metrics.pairwise import cosine_similarity
from sklearn.preprocessing import StandardScaler
from sklearn.svm import LinearSVC
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.proportion import confint_proportions_2indep, proportion_confint

here = Path(__file__).parent
mpmath.mp.dps = 40


def plain(value):
    if isinstance(value, dict):
        return {key: plain(one) for key, one in value.items()}
    if isinstance(value, (list, tuple, np.ndarray)):
        return [plain(one) for one in value]
    if isinstance(value, (np.floating, mpmath.mpf)):
        return float(value)
    if isinstance(value, np.bool_):
        return bool(value)
    if isinstance(value, np.integer):
        return int(value)
    return value


def write(name, content):
    (here / f"{name}.json").write_text(json.dumps(plain(content), separators=(",", ":")) + "\n")


def special_functions():
    """mpmath with 40 digits, where SciPy has no more than about 14."""
    log_gamma = [1e-6, 0.1, 0.3, 0.5, 0.75, 1, 1.5, 2, 2.5, 3.7, 10, 42.5, 170, 1e3, 12345.6, 1e6, 1e9]
    gamma = [(0.5, 1e-8), (0.5, 0.1), (0.5, 1), (0.5, 1.6), (0.5, 20), (0.5, 300), (0.5, 650), (1, 0.5), (1, 700), (2.5, 0.1),
             (2.5, 3.4), (2.5, 3.6), (2.5, 40), (7, 3), (7, 7), (7, 8.1), (7, 100), (50, 30), (50, 50), (50, 51.5), (50, 200),
             (500, 480), (500, 560), (5000, 4900), (5000, 5300), (0.01, 0.001), (0.01, 5)]  # fmt: skip
    chi = [(1, 3.841458820694124), (2, 5.991464547107979), (10, 18.307038053275146), (30, 43.77297182574219), (1, 0), (3, 100),
           (99, 60), (99, 134.642), (250, 400)]  # fmt: skip
    z = [-8, -3, -1.959963984540054, -1, -1e-3, 0, 1e-3, 0.5, 1, 1.6448536269514722, 1.959963984540054, 3, 6, 10, 20, 37]
    p = [1e-300, 1e-100, 1e-20, 1e-9, 1e-4, 0.01, 0.0242, 0.02425, 0.0243, 0.1, 0.25, 0.4, 0.5, 0.6, 0.9, 0.97, 0.97575, 0.9758,
         0.99, 0.9999, 1 - 1e-9]  # fmt: skip
    student = [(1, 0), (1, 1), (1, -1), (1, 12.706), (1, 1e6), (2, 4.303), (3, 0.1), (5, 2.571), (5, -3), (5, 50), (10, 2.228),
               (30, 2.042), (30, 9), (49, 1.2), (120, 1.98), (1000, 3.3), (1000, 20),
               (1000, 1e-4)]  # fmt: skip
    hyper = [(3, 8, 4, 4), (4, 8, 4, 4), (1, 8, 4, 4), (0, 8, 4, 4), (5, 8, 4, 4), (10, 50, 20, 15), (2, 1000, 10, 100),
             (10, 1000, 10, 100), (60, 10000, 300, 1000), (30, 10000, 300, 1000), (200, 10000, 300, 1000), (7, 10, 8, 9),
             (8, 10, 8, 9)]  # fmt: skip
    q = mpmath.mpf

    def student_tail(df, t):
        half = mpmath.betainc(q(df) / 2, q(1) / 2, 0, q(df) / (df + q(t) ** 2), regularized=True) / 2
        return half if t >= 0 else 1 - half

    def hyper_tail(k, n, marked, drawn):
        total = mpmath.binomial(n, drawn)
        least = max(k, 0, marked + drawn - n)
        return sum((mpmath.binomial(marked, x) * mpmath.binomial(n - marked, drawn - x) for x in range(least, min(marked, drawn) + 1)), q(0)) / total  # fmt: skip

    write("special-functions", {
        "logGamma": [[x, mpmath.loggamma(q(x))] for x in log_gamma],
        "gammaTail": [[a, x, mpmath.gammainc(q(a), q(x), regularized=True)] for a, x in gamma],
        "chiSquareTail": [[k, x, mpmath.gammainc(q(k) / 2, q(x) / 2, regularized=True)] for k, x in chi],
        "normalTail": [[x, mpmath.erfc(q(x) / mpmath.sqrt(2)) / 2] for x in z],
        "normalQuantile": [[x, special.ndtri(x)] for x in p],
        "studentTail": [[k, t, student_tail(k, t)] for k, t in student],
        "hypergeometricTail": [[*args, hyper_tail(*args)] for args in hyper],
        # Abramowitz & Stegun, Handbook of Mathematical Functions (1964): [argument …, tail] at the printed precision
        "published": {
            # Table 26.1, Q(x)
            "normalTail": [[1, 0.1586552539], [2, 0.0227501319], [3, 0.0013498980], [4, 0.0000316712]],
            # Table 26.8, percentage points of chi-square: degrees, point, Q
            "chiSquareTail": [[1, 3.84146, 0.05], [4, 13.2767, 0.01], [10, 18.3070, 0.05], [20, 45.3147, 0.001], [100, 124.342, 0.05]],
            # Table 26.10, percentage points of t: degrees, point, one-sided Q
            "studentTail": [[1, 12.706, 0.025], [5, 4.032, 0.005], [10, 2.228, 0.025], [30, 2.750, 0.005], [120, 1.980, 0.025]],
            # Fisher, The Design of Experiments (1935): the lady tasting tea; 3 or more of 4, and all 4
            "hypergeometricTail": [[3, 8, 4, 4, 17 / 70], [4, 8, 4, 4, 1 / 70]],
        },
    })


def intervals():
    shares = [(0, 1), (1, 1), (0, 20), (1, 29), (15, 148), (81, 263), (5, 10), (999, 1000), (1000, 1000), (3, 100000)]
    pairs = [(56, 70, 48, 80), (9, 10, 3, 10), (6, 7, 2, 7), (5, 56, 0, 29), (0, 10, 0, 20), (0, 10, 0, 10), (10, 10, 0, 20),
             (10, 10, 0, 10), (10, 1000, 45, 900), (7, 2000, 2, 1999)]  # fmt: skip
    values = [3.1, 4.7, 2.2, 9.5, 4.4, 4.1, 6.0]
    mean_low, mean_high = sm.stats.DescrStatsW(values).zconfint_mean(alpha=0.05)
    differences = [0, 0, 1, -1, 0, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]
    spread = [0.3, -0.1, 0.25, 0.4, 0.0, -0.2, 0.55, 0.1, 0.12, 0.31, 0.22, -0.05]
    n, b, c = len(differences), 3, 1
    p12, p21 = (b + 1) / (n + 2), (c + 1) / (n + 2)
    error = np.sqrt((p12 + p21 - (p12 - p21) ** 2) / (n + 2))
    t_low, t_high = stats.t.interval(0.95, len(spread) - 1, loc=np.mean(spread), scale=stats.sem(spread))
    write("intervals", {
        "wilson": [[k, n, *proportion_confint(k, n, method="wilson")] for k, n in shares],
        "newcombe": [[a, m, b, n, *confint_proportions_2indep(a, m, b, n, method="newcomb", compare="diff")] for a, m, b, n in pairs],  # fmt: skip
        "mean": {"values": values, "low": mean_low, "high": mean_high},
        # Exact limits of a Poisson mean (Garwood 1936), which Byar's come close to
        "poisson": [[k, stats.chi2.ppf(0.025, 2 * k) / 2, stats.chi2.ppf(0.975, 2 * k + 2) / 2] for k in [1, 2, 5, 10, 50, 1000]],
        "quantileBounds": [[p, n, *stats.norm.interval(0.95, loc=p, scale=np.sqrt(p * (1 - p) / n))] for p, n in [(0.5, 100), (0.95, 400)]],
        # Bonett & Price (2012) by their formula for discordant pairs
        "paired": {"differences": differences, "mean": (b - c) / n, "low": p12 - p21 - stats.norm.ppf(0.975) * error, "high": p12 - p21 + stats.norm.ppf(0.975) * error, "error": error},
        "spread": {"values": spread, "mean": np.mean(spread), "error": stats.sem(spread), "low": t_low, "high": t_high},
        "normalBelow": [[z, stats.norm.cdf(z)] for z in [-6, -2.5, -1, -0.01, 0, 0.01, 0.7, 1.96, 4]],
        "published": {
            # Newcombe, Statistics in Medicine 17 (1998) 857–872, table I, method 3: hits, of, low, high
            "wilson": [[81, 263, 0.2553, 0.3662], [15, 148, 0.0624, 0.1605], [0, 20, 0, 0.1611], [1, 29, 0.0061, 0.1718]],
            # Newcombe, Statistics in Medicine 17 (1998) 873–890, table II, method 10: hits, of, hits, of, low, high
            "newcombe": [[56, 70, 48, 80, 0.0524, 0.3339], [9, 10, 3, 10, 0.1705, 0.8090], [6, 7, 2, 7, 0.0582, 0.8062],
                         [5, 56, 0, 29, -0.0381, 0.1926], [0, 10, 0, 20, -0.1611, 0.2775], [0, 10, 0, 10, -0.2775, 0.2775],
                         [10, 10, 0, 20, 0.6791, 1], [10, 10, 0, 10, 0.6075, 1]],  # fmt: skip
        },
    })


def pooled_chi_square(reference, window):
    """Bins that hold less than five expected tickets of the smaller sample are one bin; less than that together is left out."""
    reference, window = np.array(reference, float), np.array(window, float)
    least = 5 * max(1, reference.sum() / window.sum())
    often = reference >= least
    columns = [np.r_[reference[often], reference[~often].sum()], np.r_[window[often], window[~often].sum()]]
    kept = columns[0] >= least
    table = np.array([columns[0][kept], columns[1][kept]])
    if table.shape[1] < 2:
        return 0.0, 1.0
    # Expected counts by the whole samples, also those that are left out
    n, m = reference.sum(), window.sum()
    expected = np.array([table.sum(0) * n / (n + m), table.sum(0) * m / (n + m)])
    statistic = ((table - expected) ** 2 / expected).sum()
    if kept.all():
        assert np.isclose(statistic, stats.chi2_contingency(table, correction=False).statistic)
    return statistic, stats.chi2.sf(statistic, table.shape[1] - 1)


def fisher_both(own, m, before, n):
    table = [[own, m - own], [before, n - before]]
    return min(1, 2 * min(stats.fisher_exact(table, side)[1] for side in ("less", "greater")))


def names_test(reference, window):
    n, m = sum(reference), sum(window)
    bins = [at for at, both in enumerate(np.add(reference, window)) if both > 0]
    exact = [fisher_both(window[at], m, reference[at], n) for at in bins]
    if len(bins) == 2:
        return {"pValue": exact[0], "bin": bins[1]}
    pearson, p = pooled_chi_square(reference, window)
    return {"pValue": min(1, 2 * min(1, min(exact) * len(bins), p)), "bin": bins[int(np.argmin(exact))], "statistic": pearson}


def numbers_test(reference, window):
    expand = lambda counts: np.repeat(np.arange(len(counts)), counts)
    now, before = expand(window), expand(reference)
    rank = stats.mannwhitneyu(now, before, use_continuity=True, method="asymptotic")
    n = len(before)
    middles = np.cumsum(reference) - np.array(reference) / 2
    group = np.minimum(9, np.floor(10 * middles / n)).astype(int)
    coarse = [np.bincount(group, weights=counts, minlength=10) for counts in (reference, window)]
    shape = pooled_chi_square(*coarse)[1]
    shift = rank.statistic - len(now) * n / 2
    return {"pValue": min(1, 2 * min(rank.pvalue, shape)), "sign": float(np.sign(shift)), "rankSum": rank.pvalue, "shape": shape}


def contingency():
    names = [([30, 20, 50], [10, 25, 15]), ([100, 200], [30, 20]), ([0, 40, 0, 60], [0, 25, 0, 20]), ([400, 300, 200, 80, 12, 5, 3], [40, 30, 20, 8, 9, 1, 2]),
             ([500, 480, 20], [50, 48, 2]), ([1000, 5, 1], [90, 0, 10]), ([3, 2, 4], [2, 4, 1]), ([400, 300, 300], [0, 50, 50]),
             ([5, 20, 25], [10, 20, 20]), ([2, 3, 45], [5, 5, 40])]  # fmt: skip
    numbers = [([10, 20, 30, 20, 10], [2, 3, 9, 15, 11]), ([50, 40, 30, 20, 10, 5, 5, 5, 5, 5, 5, 20], [5] * 12),
               ([100] * 20, [10] * 10 + [1] * 10), ([100] * 20, [1] * 5 + [19] * 10 + [1] * 5), ([7, 9], [8, 8]), ([50, 40, 30, 0, 0], [5, 4, 3, 6, 4])]  # fmt: skip
    reference = np.array([[30.0, 10, 20], [5, 5, 40], [0, 0, 0], [8, 1, 1]])
    window = np.array([[3.0, 6, 1], [2, 1, 17], [1, 1, 2], [0, 0, 0]])
    known = [0, 1]
    weights = window[known].sum(1) / window[known].sum()
    shares = (weights[:, None] * reference[known] / reference[known].sum(1)[:, None]).sum(0)
    # Kish (1965): a weighted sample is worth 1 / Σ weight² / size
    size = 1 / (weights**2 / reference[known].sum(1)).sum()
    fisher = [(3, 4, 1, 4), (12, 40, 20, 200), (0, 10, 3, 30), (30, 30, 1, 50), (7, 700, 2, 900)]
    expected = [(4, [0.1, 0.2, 0.3, 0.4]), (9, [0.5] * 10), (2, [0.9] * 12)]
    write("contingency", {
        "chiSquare": [{"reference": a, "window": b, "statistic": pooled_chi_square(a, b)[0], "pValue": pooled_chi_square(a, b)[1]} for a, b in [*names, *numbers]],
        "names": [{"reference": a, "window": b, **names_test(a, b)} for a, b in names],
        "numbers": [{"reference": a, "window": b, **numbers_test(a, b)} for a, b in numbers],
        "hours": {"reference": reference.ravel(), "window": window.ravel(), "bins": 3, "likeReference": shares * size, "likeWindow": window[known].sum(0)},
        "fisherGreater": [[*args, stats.fisher_exact([[args[0], args[1] - args[0]], [args[2], args[3] - args[2]]], "greater")[1]] for args in fisher],
        "moreThanExpected": [{"hits": k, "probabilities": p, "pValue": stats.norm.sf((k - 0.5 - sum(p)) / np.sqrt(sum(x * (1 - x) for x in p)))} for k, p in expected],
    })


def iris():
    data = load_iris()
    rng = np.random.RandomState(1)
    order = rng.permutation(150)
    x, y = data.data[order], data.target[order]
    pca = PCA(n_components=2).fit(x)
    scaled = StandardScaler().fit_transform(x)
    binary = (y == 2).astype(int)
    weights = np.round(rng.uniform(0.2, 3, 150), 2)
    logistic = []
    for ridge, own in [(1, None), (10, None), (0.5, weights)]:
        fit = LogisticRegression(C=1 / ridge, solver="newton-cholesky", tol=1e-12, max_iter=1000).fit(scaled, binary, sample_weight=own)
        logistic.append({"ridge": ridge, "weighted": own is not None, "weights": [*fit.coef_[0], fit.intercept_[0]],
                         "probabilities": fit.predict_proba(scaled)[:5, 1]})  # fmt: skip
    glm = sm.GLM(binary, sm.add_constant(scaled), family=sm.families.Binomial()).fit(tol=1e-12, maxiter=100)
    # The bias is held by a hundredth of the penalty: the weight of a feature that is always 10.
    cost = 2
    softmax = LogisticRegression(C=cost, fit_intercept=False, tol=1e-10, max_iter=100000).fit(np.c_[scaled, np.full(150, 10)], y)
    logits = scaled @ softmax.coef_[:, :4].T + 10 * softmax.coef_[:, 4]
    loss = (special.logsumexp(logits, axis=1) - logits[np.arange(150), y]).sum()
    svm = LinearSVC(C=0.7, loss="squared_hinge", dual=True, tol=1e-8, max_iter=1_000_000, random_state=0).fit(scaled, y)
    lda = LinearDiscriminantAnalysis(solver="lsqr", shrinkage=0.3).fit(x, y)
    means = np.array([x[y == label].mean(0) for label in range(3)])
    priors = np.bincount(y) / 150
    directions = lda.coef_ - priors @ lda.coef_
    centre = x.mean(0)
    lengths = np.sqrt(((means - centre) * directions).sum(1))
    discriminant = directions / (lengths[:, None] * np.sqrt(4))
    unit = x / np.linalg.norm(x, axis=1)[:, None]
    cosines = cosine_similarity(unit[100:], unit[:100])
    nearest = np.array([cosines[:, y[:100] == label].max(1) for label in range(3)]).T
    write("iris", {
        "source": "Fisher, Annals of Eugenics 7 (1936); scikit-learn's copy",
        "rows": x, "labels": y, "sampleWeights": weights,
        "standardised": {"means": x.mean(0), "scales": x.std(0)},
        "principalComponents": pca.components_,
        "logistic": logistic,
        "logisticWithoutRidge": [*glm.params[1:], glm.params[0]],
        "softmax": {"cost": cost, "weights": softmax.coef_[:, :4].T, "bias": 10 * softmax.coef_[:, 4],
                    "objective": (loss + (softmax.coef_**2).sum() / 2 / cost) / 150, "probabilities": special.softmax(logits[:8], axis=1)},
        "linearSvm": {"cost": 0.7, "weights": svm.coef_.T, "bias": svm.intercept_},
        "discriminant": {"weights": discriminant.T, "bias": -discriminant @ centre},
        "nearest": nearest[:6],
    })  # fmt: skip


def minima():
    """Starts of Moré, Garbow & Hillstrom, ACM TOMS 7 (1981); minima by SciPy's BFGS, which agree with those printed there."""
    functions = {
        "rosenbrock": (lambda x: 100 * (x[1] - x[0] ** 2) ** 2 + (1 - x[0]) ** 2, [-1.2, 1]),
        "freudensteinRoth": (lambda x: (-13 + x[0] + ((5 - x[1]) * x[1] - 2) * x[1]) ** 2 + (-29 + x[0] + ((x[1] + 1) * x[1] - 14) * x[1]) ** 2, [0.5, -2]),
        "beale": (lambda x: sum((c - x[0] * (1 - x[1] ** (i + 1))) ** 2 for i, c in enumerate([1.5, 2.25, 2.625])), [1, 1]),
        "wood": (lambda x: 100 * (x[1] - x[0] ** 2) ** 2 + (1 - x[0]) ** 2 + 90 * (x[3] - x[2] ** 2) ** 2 + (1 - x[2]) ** 2
                 + 10 * (x[1] + x[3] - 2) ** 2 + 0.1 * (x[1] - x[3]) ** 2, [-3, -1, -3, -1]),
    }  # fmt: skip
    found = {}
    for name, (function, start) in functions.items():
        best = optimize.minimize(function, start, method="Nelder-Mead", options={"xatol": 1e-12, "fatol": 1e-16, "maxiter": 100000, "maxfev": 100000})
        best = optimize.minimize(function, best.x, method="BFGS", options={"gtol": 1e-9})
        found[name] = {"start": start, "point": best.x, "value": best.fun, "valueAtStart": function(start)}
    # Values after each step of L-BFGS with the matrix of formula 7.16 (Nocedal & Wright) written out, which the code never builds
    def rosenbrock_path(memory, steps):
        x, pairs, values = np.array([-1.2, 1.0]), [], []
        for _ in range(steps):
            gradient = optimize.rosen_der(x)
            inverse = np.eye(2)
            if pairs:
                s, y = pairs[-1]
                inverse = np.eye(2) * (s @ y) / (y @ y)
            for s, y in pairs:
                rho = 1 / (y @ s)
                v = np.eye(2) - rho * np.outer(y, s)
                inverse = v.T @ inverse @ v + rho * np.outer(s, s)
            direction = -inverse @ gradient
            slope = direction @ gradient
            length = 1.0 if pairs else min(1, 1 / np.sqrt(-slope))
            while optimize.rosen(x + length * direction) > optimize.rosen(x) + 1e-4 * length * slope:
                length /= 2
            following = x + length * direction
            pair = (following - x, optimize.rosen_der(following) - gradient)
            # A step along which the slope does not rise would spoil the matrix.
            pairs = [*pairs, pair][-memory:] if pair[0] @ pair[1] > 1e-12 else pairs
            x = following
            values.append(optimize.rosen(x))
        return values

    found["rosenbrock"]["paths"] = [{"memory": memory, "values": rosenbrock_path(memory, 20)} for memory in (1, 3, 8)]
    write("minima", found)


def betting():
    """Recursions of the papers in products of plain numbers."""
    rng = np.random.RandomState(7)
    stakes = np.array([0.01, 0.02, 0.04, 0.08, 0.15, 0.25, 0.4, 0.6, 0.8, 0.95])

    def wealth(differences, bound, margin):
        # Waudby-Smith & Ramdas: K_t = K_{t-1} (1 + λ g_t), the mean over λ
        gains = (np.array(differences) - margin) / (bound + abs(margin))
        return np.array([np.prod(1 + np.outer(gains[: t + 1], stakes), axis=0).mean() for t in range(len(gains))])

    wins = rng.choice([-1, 0, 0, 0, 1, 1], 60)
    paired = []
    for differences, bound, margin in [(wins, 1, 0), (wins, 1, 0.05), (wins, 1, -0.02), (np.round(rng.uniform(-0.3, 0.45, 40), 3), 0.5, 0)]:
        path = wealth(differences, bound, margin)
        paired.append({"differences": differences, "bound": bound, "margin": margin, "now": path[-1], "highest": max(1, path.max())})
    second = np.round(rng.uniform(-0.2, 0.3, 45), 3)
    both = (wealth(wins, 1, 0) + np.r_[wealth(second, 0.4, 0), np.full(15, wealth(second, 0.4, 0)[-1])]) / 2

    p_values = [[0.01, 0.02, 0.03, 0.04], [0.2, 0.001, 0.03, 0.03, 0.9], [0.6, 0.7], [0.04]]

    risks = []
    for hits, of, errors, tolerance, level, least in [(20, 400, rng.binomial(1, 0.2, 120), 0.02, 0.05, 0), (300, 5000, rng.binomial(1, 0.05, 80), 0.02, 0.01, 0),
                                                      (1, 40, np.round(rng.uniform(-0.3, 1.2, 50), 2), 0.1, 0.05, -0.3), (1, 1, [1, 1, 1], 0.02, 0.05, 0)]:  # fmt: skip
        rate, share = hits / of, level / 4
        bernstein = np.inf if of < 2 else np.sqrt(2 * rate * (1 - rate) * np.log(2 / share) / of) + 7 * np.log(2 / share) / (3 * (of - 1))
        bound = 1 if of < 2 else min(1, rate + min(np.sqrt(np.log(1 / share) / (2 * of)), bernstein))
        bearable = min(bound + tolerance, 1 - 1e-9)
        bets = np.array([0.05, 0.1, 0.2, 0.4, 0.7]) / (1 - least / bearable)
        capital = np.cumprod(1 + np.outer(np.array(errors) / bearable - 1, bets), axis=0).mean(1)
        risks.append({"before": {"hits": hits, "of": of}, "errors": errors, "tolerance": tolerance, "level": level, "minError": least,
                      "bearable": bearable, "capital": max(1, capital.max()), "risen": max(1, capital.max()) >= 2 / level, "observed": min(1, max(0, np.mean(errors)))})  # fmt: skip
    write("betting", {
        "paired": paired,
        "together": {"kinds": [{"differences": wins, "bound": 1}, {"differences": second, "bound": 0.4}], "now": both[-1], "highest": max(1, both.max())},
        "holm": [{"pValues": p, "adjusted": multipletests(p, method="holm")[1]} for p in p_values],
        "risk": risks,
    })


def rank_densities(smallest):
    """Densities of a rank in 1,000 cells, each with a mean of at most 1 where all numbers move by the smallest effect."""
    edges = np.arange(1001) / 1000

    def cells(cdf):
        return 1000 * np.diff(cdf)

    moved = lambda by: cells(stats.norm.cdf(stats.norm.ppf(edges) - by))
    far_out = lambda share: cells((1 - share) * edges + share * (1 - (1 - edges) ** 0.6))
    spread = cells(0.8 * edges + 2 * (np.minimum(edges, 0.05) + np.maximum(0, edges - 0.95)))
    dearer = lambda bet: bet / max(1, (bet * moved(smallest)).mean(), (bet * moved(-smallest)).mean())
    both = [moved(0.1), moved(-0.1), moved(0.25), moved(-0.25), moved(0.6), moved(-0.6), spread]
    novelty = [far_out(0.05), far_out(0.1), far_out(0.2), moved(0.25), moved(0.6), moved(-0.25)]
    return {
        "both": ([dearer(bet) for bet in both], [0.2, 0.2, 0.15, 0.15, 0.1, 0.1, 0.1]),
        "higher": ([dearer(moved(by)) for by in (0.1, 0.25, 0.6)], [0.4, 0.35, 0.25]),
        "lower": ([dearer(moved(-by)) for by in (0.1, 0.25, 0.6)], [0.4, 0.35, 0.25]),
        "novelty": ([dearer(bet) for bet in novelty], [0.25, 0.25, 0.2, 0.1, 0.1, 0.1]),
    }


def detectors():
    """Shiryaev–Roberts e-detectors (Shin, Ramdas & Rinaldo, arXiv 2203.03532): M ← (M + 1) · bet."""
    rng = np.random.RandomState(11)
    shown = [0, 1, 49, 50, 51, 250, 499, 500, 777, 949, 950, 998, 999]
    densities = [{"smallestEffect": smallest, "side": side, "cells": [bet[shown] for bet in bets], "means": [bet.mean() for bet in bets], "weights": weights}
                 for smallest in (0, 0.05) for side, (bets, weights) in rank_densities(smallest).items()]  # fmt: skip

    counts = np.array([30.0, 40, 20, 10])
    numbers = []
    for part, side in [(None, "both"), (None, "lower"), ("novelty", "both")]:
        bets, weights = rank_densities(0.01)["novelty" if part else side]
        bag, values, evidence = counts.copy(), np.zeros(len(bets)), []
        bins = rng.choice(4, 60, p=[0.1, 0.2, 0.3, 0.4])
        random = np.round(rng.uniform(0, 1, 60), 4)
        for at, u in zip(bins, random):
            rank = (bag[:at].sum() + u * (bag[at] + 1)) / (bag.sum() + 1)
            cell = min(999, int(rank * 1000))
            values = (values + 1) * np.array([bet[cell] for bet in bets])
            bag[at] += 1
            evidence.append(float(values @ weights))
        numbers.append({"part": part, "side": side, "counts": counts, "bins": bins, "random": random, "evidence": evidence})

    def name_bet(ratio, share, is_it, smallest):
        bounded = min(ratio, (1 + 1 / share) / 2)
        price = 1 + smallest * abs(bounded - 1) * np.sqrt(share / (1 - share))
        return (bounded if is_it else (1 - bounded * share) / (1 - share)) / price

    # yes and no: two names, then a rare one, one never seen, none
    bag, values, evidence = np.array([70.0, 30, 0, 0, 0]), np.zeros(5), []
    ratios = [1.5, 4, 32, 0.6, 0.1]
    drawn = rng.binomial(1, 0.6, 50)
    for at in drawn:
        share = (bag[1] + 0.5) / (bag.sum() + 1)
        values = np.array([(value + 1) * name_bet(ratio, share, at == 1, 0.01) for value, ratio in zip(values, ratios)])
        bag[at] += 1
        evidence.append(float(values.mean()))
    names = {"counts": [70, 30, 0, 0, 0], "bins": drawn, "evidence": evidence}
    name_bets = [[ratio, share, is_it, 0.02, name_bet(ratio, share, is_it, 0.02)] for ratio in ratios for share in (0.001, 0.3, 0.9) for is_it in (True, False)]

    # Tickets a day against the same weekday: p-value of a studentised prediction, then a power bet on it (Vovk & Wang 2021)
    days = [int(v) for v in rng.poisson(np.tile([60, 55, 50, 50, 40, 12, 8], 6))] + [150, 60, 12, 45]
    volume, total = [], 0.0
    for day in range(len(days)):
        past = np.log(np.array(days[:day][-56:]) + 0.5)
        same = [past[np.arange(len(past)) % 7 == weekday] for weekday in range(7)]
        own = same[len(past) % 7]
        if len(own) < 3:
            continue
        squares = sum(((group - group.mean()) ** 2).sum() for group in same)
        usual = np.exp(own.mean()) - 0.5
        variance = max(squares / (len(past) - 7), 1 / (usual + 1))
        t = (np.log(days[day] + 0.5) - own.mean()) / np.sqrt(variance * (1 + 1 / len(own)))
        p = min(1, max(1e-12, 2 * stats.t.sf(abs(t), len(past) - 7)))
        total = (total + 1) * (0.5 + 0.5 * 0.2 * p**-0.8)
        volume.append({"day": day, "usual": usual, "pValue": p, "evidence": total})
    write("detectors", {"shownCells": shown, "densities": densities, "numbers": numbers, "names": names, "nameBets": name_bets, "volume": {"tickets": days, "judged": volume}})  # fmt: skip


def random_numbers():
    """Mulberry32 by Tommy Ettinger's C code (public domain), in arithmetic modulo 2^32; FNV-1a by its published vectors."""

    def mulberry32(seed, count):
        state, numbers = seed, []
        for _ in range(count):
            state = (state + 0x6D2B79F5) % 2**32
            z = ((state ^ (state >> 15)) * (state | 1)) % 2**32
            z ^= (z + ((z ^ (z >> 7)) * (z | 61)) % 2**32) % 2**32
            numbers.append((z ^ (z >> 14)) / 2**32)
        return numbers

    def fnv1a(text):
        value = 0x811C9DC5
        for byte in text.encode("ascii"):
            value = ((value ^ byte) * 0x01000193) % 2**32
        return value

    # Fowler, Noll & Vo, draft-eastlake-fnv, appendix C
    published = {"": 0x811C9DC5, "a": 0xE40C292C, "foobar": 0xBF9CF968}
    assert all(fnv1a(text) == value for text, value in published.items())
    mixed = lambda value: ((value ^ (value >> 16)) * 0x45D9F3B) % 2**32
    write("random", {
        "mulberry32": [{"seed": seed, "numbers": mulberry32(seed, 6)} for seed in (0, 1, 42, 2**32 - 1)],
        "hash32": [[text, mixed(fnv1a(text))] for text in [*published, "zendesk:35436"]],
    })  # fmt: skip


def evaluation():
    rng = np.random.RandomState(5)
    classes, rows = 6, 150
    logits = np.round(rng.normal(0, 1.5, (rows, classes)), 3)
    labels = rng.choice(classes - 1, rows)
    logits[np.arange(rows), labels] += 1.5
    probabilities = special.softmax(logits, axis=1)
    confidence, first = probabilities.max(1), probabilities.argmax(1)
    right = first == labels
    true, said = calibration_curve(right, confidence, n_bins=15, strategy="quantile")
    order = np.argsort(confidence)
    gaps = (confidence - right)[order].reshape(15, 10).sum(1)
    assert np.isclose(np.abs(true - said).mean(), np.abs(gaps).sum() / rows)
    uneven = np.sort(confidence[:101])
    bounds = [101 * bin // 15 for bin in range(16)]
    gaps = (confidence[:101] - right[:101])[np.argsort(confidence[:101])]
    relevant = np.zeros((rows, classes))
    relevant[np.arange(rows), labels] = 1
    kinds = sorted(set(labels))
    metrics = {
        "top1": 100 * np.mean(right),
        "hits3": 100 * top_k_accuracy_score(labels, probabilities, k=3, labels=range(classes)),
        "hits5": 100 * top_k_accuracy_score(labels, probabilities, k=5, labels=range(classes)),
        "mrr": label_ranking_average_precision_score(relevant, probabilities),
        "macroF1": 100 * f1_score(labels, first, labels=kinds, average="macro", zero_division=0),
        "ece": np.abs(true - said).mean(),
    }

    # Youden's index by the ROC curve; the score of a row without a template is lower
    scores = np.r_[np.round(rng.normal(4, 1, 200), 2), np.round(rng.normal(1.5, 1, 40), 2)]
    known = np.r_[np.ones(200), np.zeros(40)]
    false_rate, true_rate, thresholds = roc_curve(known, scores, drop_intermediate=False)
    allowed = true_rate >= 0.98
    best = thresholds[allowed][np.argmax((true_rate - false_rate)[allowed])]
    # Split conformal prediction (Angelopoulos & Bates, arXiv 2107.07511, section 1): the ⌈(n + 1)(1 − α)⌉-th smallest 1 − p
    p = np.round(rng.beta(5, 2, 200), 4)
    coverage = {}
    for share in (0.8, 0.9, 0.95):
        coverage[str(share)] = 1 - np.sort(1 - p)[int(np.ceil(201 * share)) - 1]

    # Temperature scaling (Guo et al., ICML 2017) with a small ridge: Σ log-loss + 0.005 w²
    def loss(weights, kinds, ridge=0.01):
        total = sum(w * kind for w, kind in zip(weights, kinds))
        return (special.logsumexp(total, axis=1) - total[np.arange(rows), labels]).sum() + ridge / 2 * np.dot(weights, weights)

    def fitted(kinds):
        result = optimize.minimize(loss, np.ones(len(kinds)), args=(kinds,), method="L-BFGS-B", bounds=[(0, None)] * len(kinds), options={"ftol": 1e-15, "gtol": 1e-10})
        return result.x

    other = np.round(rng.normal(0, 1, (rows, classes)) + 0.8 * (np.arange(classes) == labels[:, None]), 3)
    against = np.round(rng.normal(0, 1, (rows, classes)) - 0.8 * (np.arange(classes) == labels[:, None]), 3)

    # Scores of templates without labels: classes of a group taken for unlabelled, own group an eighth, another seven eighths
    cosines = np.round(0.4 + 0.15 * rng.normal(0, 1, (rows, classes)) + 0.3 * (np.arange(classes) == labels[:, None]), 3)

    def unseen_loss(point):
        total = 0
        for row in range(rows):
            own = labels[row] % 8
            for group, share in [(own, 1 / 8), ((own + 1 + row % 7) % 8, 7 / 8)]:
                changed = logits[row].copy()
                pretended = np.arange(classes) % 8 == group
                changed[pretended] = point[0] * cosines[row, pretended] + point[1]
                total += share * (special.logsumexp(changed) - changed[labels[row]])
        return total / rows

    unseen = optimize.minimize(unseen_loss, [15, -9], method="Nelder-Mead", options={"xatol": 1e-9, "fatol": 1e-12, "maxiter": 10000})
    weights = {"one": fitted([logits]), "two": fitted([logits, other]), "three": fitted([logits, other, against])}
    write("evaluation", {
        "classes": classes, "labels": labels, "logits": logits, "other": other, "against": against, "cosines": cosines,
        "metrics": metrics, "calibrationErrorOf101": np.abs([gaps[a:b].sum() for a, b in zip(bounds, bounds[1:])]).sum() / 101,
        "weights": weights, "unseen": {"scale": unseen.x[0], "offset": unseen.x[1], "loss": unseen.fun},
        "scope": {"scores": scores, "known": known.astype(int), "threshold": best}, "conformal": {"probabilities": p, "threshold": coverage},
    })  # fmt: skip


def label_shift():
    rng = np.random.RandomState(3)
    before = np.array([0.5, 0.3, 0.2])
    now = np.array([0.15, 0.25, 0.6])
    window = []
    for label in rng.choice(3, 80, p=now):
        evidence = np.exp(rng.normal(0, 0.8, 3) + 1.8 * (np.arange(3) == label))
        window.append(np.round(evidence * before / (evidence * before).sum(), 5))
    window = np.array(window)
    window[:, 2] = 1 - window[:, 0] - window[:, 1]

    def adjusted(strength):
        # Saerens, Latinne & Decaestecker (2002), equations 2.3 and 2.4; a Dirichlet prior as pseudo-counts
        shares = before
        for _ in range(100_000):
            posterior = window * shares / before
            posterior /= posterior.sum(1, keepdims=True)
            shares = (posterior.sum(0) + strength * before) / (len(window) + strength)
        posterior = window * shares / before
        posterior /= posterior.sum(1, keepdims=True)
        return {"strength": strength, "shares": shares, "inWindow": posterior.mean(0)}

    counts = np.array([12, 30, 38])
    marginal = []
    for strength in (10, 300, 10_000):
        alpha = strength * before
        fixed = special.gammaln(81) - special.gammaln(counts + 1).sum()
        marginal.append([strength, stats.dirichlet_multinomial.logpmf(counts, alpha, 80) - fixed])
    one = window[0] * now / before
    write("label-shift", {
        "before": before, "window": window, "estimates": [adjusted(strength) for strength in (1e-6, 30, 1000)],
        "marginal": {"counts": counts, "values": marginal}, "reweighted": {"shares": now, "values": one / one.sum()},
    })  # fmt: skip


def ngrams():
    texts = ["Where is my card? my CARD", "card number 42 is lost, the new card", "a refund is late", "Überweisung nicht angekommen", "is it a card"]
    words = TfidfVectorizer(sublinear_tf=True, ngram_range=(1, 2), token_pattern=r"(?u)\w+", norm="l2")
    pieces = TfidfVectorizer(sublinear_tf=True, analyzer="char_wb", ngram_range=(2, 5), norm="l2")
    rows = [{}, {}, {}, {}, {}]
    rarity = {}
    for kind, vectorizer in (("w", words), ("c", pieces)):
        matrix = vectorizer.fit_transform(texts).toarray()
        features = vectorizer.get_feature_names_out()
        rarity |= {kind + feature: idf for feature, idf in zip(features, vectorizer.idf_)}
        for row, values in zip(rows, matrix):
            row |= {kind + feature: round(value, 7) for feature, value in zip(features, values) if value > 0}
    write("ngrams", {"texts": texts, "rarity": {key: round(value, 7) for key, value in rarity.items()}, "rows": rows})


def weighted_accuracy():
    # Agresti & Coull (1998): two right and two wrong ones more
    z = stats.norm.ppf(0.975)
    shares = []
    for right, of in [(0, 5), (7, 20), (95, 100), (40, 40)]:
        centre = (right + 2) / (of + 4)
        half = z * np.sqrt(centre * (1 - centre) / (of + 4))
        shares.append([right, of, right / of, min(right / of, max(0, centre - half)), max(right / of, min(1, centre + half))])
    write("weighted-accuracy", {"plain": shares})


for make in (special_functions, intervals, contingency, iris, minima, betting, detectors, random_numbers, evaluation, label_shift, ngrams, weighted_accuracy):  # fmt: skip
    make()
