// Lint rules: typescript-eslint strictTypeChecked everywhere, plus the boundary rules that types cannot express.
import path from 'node:path';
import tseslint from 'typescript-eslint';

const root = path.resolve(import.meta.dirname, '../..');

export default tseslint.config(
  {
    basePath: root,
    ignores: [
      'node_modules/',
      'dist/',
      'dist-test/',
      '.cache/',
      '.vscode-test/',
      'artifacts/',
      'test/lab/workspace/',
      'test/fixtures/',
      'esbuild.mjs',
      'test/lint/*.js',
      'test/lint/*.cjs',
    ],
  },
  {
    basePath: root,
    files: ['**/*.ts'],
    extends: [tseslint.configs.strictTypeChecked],
    languageOptions: {
      parserOptions: { project: ['./tsconfig.json', './webview/tsconfig.json'], tsconfigRootDir: root },
    },
    linterOptions: { reportUnusedDisableDirectives: 'error' },
    rules: {
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      'no-restricted-globals': [
        'error',
        {
          name: 'fetch',
          message:
            'Use the HttpClient port: the extension host replaces fetch and ignores extra certificate authorities.',
        },
      ],
      'no-restricted-syntax': [
        'error',
        {
          selector: "MemberExpression[property.name='localeCompare']",
          message: 'Order must not depend on the locale: compare code units.',
        },
      ],
      eqeqeq: 'error',
      'no-console': 'error',
    },
  },
  {
    basePath: root,
    files: ['test/**/*.ts'],
    rules: {
      'no-console': 'off',
      '@typescript-eslint/no-non-null-assertion': 'off',
      '@typescript-eslint/no-unused-expressions': 'off',
    },
  },
);
