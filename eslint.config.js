import js from '@eslint/js';
import json from '@eslint/json';
import markdown from '@eslint/markdown';
import reactHooks from 'eslint-plugin-react-hooks';
import tseslint from 'typescript-eslint';
import wording from './eslint/no-banned-phrases.js';

export default tseslint.config(
  {
    ignores: [
      ...['coverage/', 'dist/', 'node_modules/', '.replyrank/', '.wireit/', 'console/src/service/openapi.d.ts'],
      // Kept as it was written, and data.
      ...[
        'docs/lab-book.md',
        'samples/',
        'test/golden/',
        'test/support/small-encoders/',
        'package-lock.json',
        'eslint/banned-phrases.json',
      ],
    ],
  },
  { files: ['**/*.{js,ts,tsx,cjs,mjs}'], ...js.configs.recommended },
  { files: ['**/*.md'], plugins: { markdown }, language: 'markdown/gfm' },
  { files: ['**/*.json'], ignores: ['.vscode/**', '**/tsconfig*.json'], plugins: { json }, language: 'json/json' },
  {
    files: ['**/*.{js,ts,tsx,md,json}'],
    ignores: ['.vscode/**', '**/tsconfig*.json'],
    plugins: { wording },
    rules: { 'wording/no-banned-phrases': 'error' },
  },
  {
    files: ['**/*.ts', '**/*.tsx'],
    extends: [...tseslint.configs.strictTypeChecked, ...tseslint.configs.stylisticTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      // A Nest module or controller is a class with decorators only.
      '@typescript-eslint/no-extraneous-class': ['error', { allowWithDecorator: true }],
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true, allowBoolean: true }],
      '@typescript-eslint/consistent-type-imports': 'off',
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      // Nest and TypeORM declare their options as classes; an object literal is what they want.
      '@typescript-eslint/no-unsafe-class-instance-assignment': 'off',
      '@typescript-eslint/no-unused-vars': ['error', { ignoreRestSiblings: true }],
      // Outside numeric code an element within bounds is asserted by its type; `!` is easily overlooked.
      '@typescript-eslint/non-nullable-type-assertion-style': 'off',
      '@typescript-eslint/dot-notation': ['error', { allowIndexSignaturePropertyAccess: true }],
      eqeqeq: 'error',
      'no-console': 'error',
    },
  },
  {
    files: ['src/**/*.ts', 'console/src/**/*.ts'],
    rules: {
      'max-lines-per-function': ['error', { max: 70, skipBlankLines: true, skipComments: true }],
      'max-lines': ['error', { max: 400, skipBlankLines: true, skipComments: true }],
    },
  },
  {
    files: ['src/**/*.ts'],
    ignores: ['src/config/**'],
    rules: {
      complexity: ['error', 20],
      'no-restricted-properties': [
        'error',
        { object: 'process', property: 'env', message: 'The environment is read in src/config.' },
      ],
    },
  },
  {
    // Numeric code, and code that reads a text by offsets, indexes within bounds it has just computed; a check on every element would hide the formula.
    files: [
      'src/statistics/**',
      'src/models/**',
      'src/monitoring/**',
      'src/retrain/**',
      'src/redaction/**',
      'src/preparation/**',
      'bench/**',
      'test/**',
    ],
    rules: { '@typescript-eslint/no-non-null-assertion': 'off' },
  },
  { files: ['console/**/*.ts', 'console/**/*.tsx'], extends: [reactHooks.configs.flat.recommended] },
  {
    files: ['**/*.js', '**/*.mjs'],
    languageOptions: { globals: { process: 'readonly', console: 'readonly', URL: 'readonly', Buffer: 'readonly' } },
  },
);
