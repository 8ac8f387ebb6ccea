import { readdirSync } from 'node:fs';
import { resolve } from 'node:path';
import { expect, test } from 'vitest';
import { migrations } from '../../src/database/migrations.js';

const files = readdirSync(resolve(import.meta.dirname, '../../migrations')).sort();
const timestamp = (name: string): string => /\d{13}/.exec(name)?.[0] ?? '';

test('the timestamps of the migrations rise strictly, in the order of the list', () => {
  const timestamps = migrations.map(({ name }) => Number(timestamp(name)));
  expect(timestamps).toEqual([...new Set(timestamps)].sort((a, b) => a - b));
});

test('every file in migrations/ is listed', () => {
  expect(migrations.map(({ name }) => timestamp(name))).toEqual(files.map(timestamp));
});
