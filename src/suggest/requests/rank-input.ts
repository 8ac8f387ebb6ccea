import { isFeature } from '../../models/features/field-features.js';
import type { RankInput } from '../../models/ranker.js';

/** What a ranker may look at of a ticket: no field of the customer's. */
export function toRankInput({ subject, body, channel, language, contactType, fields }: RankInput): RankInput {
  const features = Object.entries(fields).filter(([name]) => isFeature(name));
  return { subject, body, channel, language, contactType, fields: Object.fromEntries(features) };
}
