// Lint rules for the front end; the import direction of the rooms is one of them.
import jupyter from '@jupyter/eslint-plugin';
import prettier from 'eslint-plugin-prettier/recommended';
import globals from 'globals';
import tseslint from 'typescript-eslint';

const features = [
  'clusters',
  'dashboards',
  'dcache',
  'examples',
  'launcher',
  'notebook',
  'stac',
  'transfers'
];

/** What a feature may not import: the other features. They meet in tokens.ts and in commands. */
const rooms = features.map(feature => ({
  files: [`src/${feature}/**/*.{ts,tsx}`],
  rules: {
    'no-restricted-imports': [
      'error',
      {
        patterns: features
          .filter(other => other !== feature)
          .map(other => ({
            group: [`**/${other}/**`, `**/${other}`, '!@jupyterlab/**'],
            message: 'Features meet only through tokens.ts and commands.'
          }))
      }
    ]
  }
}));

/** Layers inside a feature: a model has no DOM, an api has no state. */
const models = {
  files: ['src/*/model.ts', 'src/*/api.ts'],
  rules: {
    'no-restricted-globals': ['error', 'document', 'window'],
    'no-restricted-syntax': [
      'error',
      {
        selector: 'ImportDeclaration[source.value=/^(react|react-dom)$/]',
        message: 'Models and APIs know no React.'
      },
      {
        selector: 'ImportDeclaration[source.value=/components/]',
        message: 'Models and APIs know no components.'
      }
    ]
  }
};

export default tseslint.config(
  {
    ignores: [
      'lib',
      'node_modules',
      'rsdat',
      '.venv',
      'ui-tests/node_modules',
      'src/common/schema.ts',
      '**/*.d.ts'
    ]
  },
  ...tseslint.configs.recommended,
  prettier,
  { plugins: { jupyter } },
  ...jupyter.configs.recommended,
  {
    files: ['src/**/*.{ts,tsx}'],
    languageOptions: {
      globals: { ...globals.browser },
      parserOptions: {
        project: 'tsconfig.json',
        tsconfigRootDir: import.meta.dirname
      }
    },
    rules: {
      '@typescript-eslint/naming-convention': [
        'error',
        {
          selector: 'interface',
          format: ['PascalCase'],
          custom: { regex: '^I[A-Z]', match: true }
        }
      ],
      '@typescript-eslint/consistent-type-imports': [
        'error',
        { fixStyle: 'inline-type-imports' }
      ],
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-misused-promises': [
        'error',
        { checksVoidReturn: false }
      ],
      '@typescript-eslint/switch-exhaustiveness-check': [
        'error',
        { considerDefaultExhaustiveForUnions: true }
      ],
      // Commands and their model are registered at activation; a drop makes its tab at once.
      'jupyter/prefer-lazy-imports': [
        'error',
        {
          ignoreImports: [
            './api',
            './commands',
            './jobs/tables',
            './model',
            './tab'
          ]
        }
      ],
      // Lab's pattern: options and statics live in a namespace of the class's name.
      '@typescript-eslint/no-namespace': 'off',
      curly: ['error', 'all'],
      eqeqeq: ['error', 'always', { null: 'ignore' }],
      'max-lines': ['error', 500],
      'no-console': 'error',
      'prefer-arrow-callback': 'error'
    }
  },
  {
    files: ['src/common/**/*.{ts,tsx}'],
    rules: {
      'no-restricted-imports': [
        'error',
        {
          patterns: features.map(feature => ({
            group: [`**/${feature}/**`, '!@jupyterlab/**'],
            message: 'common/ knows no feature.'
          }))
        }
      ]
    }
  },
  {
    files: ['src/**/__tests__/**'],
    rules: {
      // Strings and commands of tests are no one's to read.
      'jupyter/no-untranslated-string': 'off',
      'jupyter/command-described-by': 'off',
      'jupyter/prefer-lazy-imports': 'off'
    }
  },
  ...rooms,
  models
);
