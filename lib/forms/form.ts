import { z } from 'zod'

/**
 * What a kind of source or repository asks for, as JSON Schema (draft 2020-12) of the input, for forms. Made from its own zod schema, so
 * that a form cannot ask for anything else. Besides the standard keywords (`title`, `description`, `examples`, `default`,
 * `enum`, …) a property may carry those of `FieldWords` in settings.ts. Choices between objects are `oneOf` or `anyOf`.
 */
export function settingsForm(asks: { readonly settings: z.ZodType }): Record<string, unknown> {
  const { $schema: _, ...form } = z.toJSONSchema(asks.settings, {
    io: 'input',
    unrepresentable: 'any',
    reused: 'inline',
    override: ({ zodSchema, jsonSchema }) => {
      // zod leaves them out where an input is transformed, although ours are examples of the input.
      const { examples } = z.globalRegistry.get(zodSchema) ?? {}
      if (examples !== undefined) Object.assign(jsonSchema, { examples })
      if (jsonSchema.secret !== true) return
      delete jsonSchema.anyOf // a Secret object, as an alternative, never comes from a form
      jsonSchema.type = 'string'
    },
  })
  return form
}
