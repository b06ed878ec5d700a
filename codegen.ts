import type { CodegenConfig } from '@graphql-codegen/cli'

/** Types and typed documents for the console, from the printed schema and graphql/documents/*.graphql. */
const config: CodegenConfig = {
  schema: 'graphql/schema.graphql',
  documents: ['graphql/documents/*.graphql'],
  generates: {
    'graphql/documents/generated/': {
      preset: 'client',
      presetConfig: { fragmentMasking: false },
      config: {
        documentMode: 'string',
        enumsAsTypes: true,
        useTypeImports: true,
        strictScalars: true,
        scalars: {
          BigInt: 'number',
          DateTime: 'string',
          JSON: 'unknown',
        },
      },
    },
  },
  importExtension: '.ts',
}

export default config
