import { z } from 'zod';

/** A date in an answer: ISO 8601 in JSON. */
export const date = z.date().meta({ type: 'string', format: 'date-time' });
