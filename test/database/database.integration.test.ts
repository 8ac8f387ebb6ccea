import { afterAll, beforeAll, expect, test } from 'vitest';
import { freshDatabase, type TestDatabase } from '../support/database.js';

let database: TestDatabase;

beforeAll(async () => {
  database = await freshDatabase();
});
afterAll(() => database.drop());

test('a statement with parameters is planned once a connection, whatever its parameters', async () => {
  const runner = database.source.createQueryRunner();
  for (const wanted of ['a', 'b']) await runner.query('SELECT id FROM templates WHERE id = $1', [wanted]);
  await runner.query('SELECT id FROM templates');
  const prepared: unknown = await runner.query(
    'SELECT statement, generic_plans + custom_plans AS n FROM pg_prepared_statements',
  );
  await runner.release();
  expect(prepared).toEqual([{ statement: 'SELECT id FROM templates WHERE id = $1', n: 2 }]);
});

test('a statement that fails leaves the connection as it was', async () => {
  const runner = database.source.createQueryRunner();
  const divide = (by: number): Promise<unknown> => runner.query('SELECT 6 / $1::int AS n', [by]);
  await expect(divide(0)).rejects.toThrow('division by zero');
  await expect(runner.query('SELECT $1 FROM nowhere', [1])).rejects.toThrow('does not exist');
  expect(await divide(2)).toEqual([{ n: 3 }]);
  await runner.release();
});
