import { defineConfig } from 'vitest/config'

export default defineConfig({
  // graphql ships CommonJS and ES modules; two copies of it reject each other's schemas.
  resolve: { alias: [{ find: /^graphql$/, replacement: 'graphql/index.js' }] },
  test: {
    include: ['lib', 'graphql', 'app', 'scripts', 'bench'].map((folder) => `${folder}/**/*.test.ts`),
    globalSetup: 'lib/testing/quick-restic.ts',
    testTimeout: 60_000,
    hookTimeout: 120_000,
    maxWorkers: 2,
  },
})
