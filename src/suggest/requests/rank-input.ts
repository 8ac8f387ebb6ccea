import { isFeature } from '../../models/features/field-features.js';
import type { RankInput } from '../../models/ranker.js';

/** The part of a ticket that a ranker may read: without `customer.*` fields. */
export function toRankInput({ subject, body, channel, language, contactType, fields }: RankInput): RankInput {
  const features = Object.entries(fields).filter(([name]) => isFeature(name));
  return { subject, body, channel, language, contactType, fields: Object.fromEntries(features) };
}
