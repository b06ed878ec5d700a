import { writeFile } from 'node:fs/promises'
import { lexicographicSortSchema, printSchema } from 'graphql'
import { schema } from './schema.ts'

/** The schema as text; graphql/schema.graphql holds it, and a test fails when that is stale. */
export const printed = (): string => `${printSchema(lexicographicSortSchema(schema))}\n`

if (import.meta.main) await writeFile(new URL('./schema.graphql', import.meta.url), printed())
