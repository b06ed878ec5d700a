import { readFile } from 'node:fs/promises'
import { graphql, isEnumType, isInputObjectType, isLeafType } from 'graphql'
import { describe, expect, it } from 'vitest'
import type { Runtime } from '#lib/runtime/runtime.ts'
import { printed } from './print-schema.ts'
import { schema } from './schema.ts'

it('is the schema that is committed as graphql/schema.graphql (else: node graphql/print-schema.ts)', async () => {
  expect(await readFile(new URL('./schema.graphql', import.meta.url), 'utf8')).toBe(printed())
})

describe('nobody', () => {
  /** Whoever reads the runtime has got past authorization: it throws whatever is asked of it. */
  const untouchable = new Proxy({} as Runtime, {
    get: (_runtime, name) => {
      throw new Error(`an anonymous operation reached runtime.${String(name)}`)
    },
  })
  const operations = [schema.getQueryType(), schema.getMutationType()].flatMap((type) =>
    Object.values(type?.getFields() ?? {}).map((field) => ({ kind: type?.name.toLowerCase(), field })),
  )

  it.each(operations.map(({ kind, field }) => [`${kind} ${field.name}`, kind, field] as const))(
    'is refused %s',
    async (_name, kind, field) => {
      const required = field.args.filter((arg) => isRequired(arg.type))
      const declared = required.length ? `(${required.map((arg) => `$${arg.name}: ${arg.type}`).join(', ')})` : ''
      const passed = required.length ? `(${required.map((arg) => `${arg.name}: $${arg.name}`).join(', ')})` : ''
      const selection = isLeafType(schema.getType(bare(field.type))) ? '' : '{ __typename }'
      const result = await graphql({
        schema,
        source: `${kind} ${declared} { ${field.name}${passed} ${selection} }`,
        variableValues: Object.fromEntries(required.map((arg) => [arg.name, example(String(arg.type))])),
        contextValue: { runtime: untouchable, actor: null, origin: 'API', signal: new AbortController().signal },
      })
      expect(result.errors?.map((error) => error.originalError)).toMatchObject([{ code: 'UNAUTHENTICATED' }])
      expect(result.data?.[field.name] ?? null).toBeNull()
    },
  )

  const isRequired = (type: unknown) => String(type).endsWith('!')
  const bare = (type: unknown) => String(type).replace(/[[\]!]/g, '')

  /** A value that GraphQL takes for an argument of this type. */
  function example(type: string): unknown {
    if (type.startsWith('[')) return []
    const named = schema.getType(bare(type))
    if (isEnumType(named)) return named.getValues()[0]?.name
    if (isInputObjectType(named)) {
      const fields = Object.values(named.getFields()).filter((field) => isRequired(field.type))
      return Object.fromEntries(fields.map((field) => [field.name, example(String(field.type))]))
    }
    return { Int: 1, Float: 1, Boolean: true, JSON: {} }[bare(type)] ?? 'x'
  }
})
