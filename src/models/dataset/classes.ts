/** The classes of a training: their templates, label counts and contact types. */
import type { Candidate } from '../ranker.js';
import type { TrainingData } from './training-data.js';

/** Templates to rank, those of the classes first. */
export function orderTemplates(classes: readonly string[], templates: Candidate[] | null): Candidate[] {
  if (templates) {
    const known = new Map(templates.map((template) => [template.templateId, template]));
    // A class and its template have the same index.
    const rest = templates.filter(({ templateId }) => !classes.includes(templateId));
    return [...classes.flatMap((id) => known.get(id) ?? []), ...rest];
  }
  // An id such as `card-arrival` is informative text; where ids are not, the combination gives them no weight.
  return classes.map((templateId) => ({ templateId, title: idAsText(templateId), body: '', contactTypes: [] }));
}

const idAsText = (id: string): string => id.replaceAll(/[^\p{L}\p{N}]+/gu, ' ').trim();

/** Rows with a class. */
export function labelledRows({ labels }: TrainingData): Int32Array {
  return Int32Array.from([...labels.keys()].filter((row) => (labels[row] ?? -1) >= 0));
}

/** Labels of each class. */
export function countLabels({ labels, classes }: TrainingData): number[] {
  const counts = classes.map(() => 0);
  for (const label of labels) if (label >= 0) counts[label] = (counts[label] ?? 0) + 1;
  return counts;
}

/** @returns the contact type of each class; null where a class has tickets of two contact types */
export function contactTypesOfClasses({
  labels,
  contactTypeLabels,
  contactTypes,
  classes,
}: TrainingData): (string | null)[] | null {
  const types = classes.map((): string | null => null);
  for (const [row, label] of labels.entries()) {
    const type = contactTypes[contactTypeLabels[row] ?? -1];
    if (label === -1 || type === undefined) continue;
    if (types[label] !== null && types[label] !== type) return null;
    types[label] = type;
  }
  return types;
}
