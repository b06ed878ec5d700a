import { readFile } from 'node:fs/promises'
import { expect, it } from 'vitest'
import { printed } from './print-schema.ts'

it('is the schema that is committed as graphql/schema.graphql (else: node graphql/print-schema.ts)', async () => {
  expect(await readFile(new URL('./schema.graphql', import.meta.url), 'utf8')).toBe(printed())
})
