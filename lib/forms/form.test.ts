import { describe, expect, test } from 'vitest'
import { sourceKinds } from '#lib/sources/kinds.ts'
import { driverOf } from '#lib/sources/registry.ts'
import { settingsForm } from './form.ts'

interface Node {
  title?: string
  type?: string
  const?: unknown
  secret?: boolean
  enum?: string[]
  enumTitles?: Record<string, string>
  properties?: Record<string, Node>
  items?: Node
  oneOf?: Node[]
  anyOf?: Node[]
}

/** Every named property below a node, with its dotted path; the constant that tells alternatives apart is no field. */
function fieldsOf(node: Node, path = ''): [string, Node][] {
  const own = Object.entries(node.properties ?? {}).filter(([, field]) => field.const === undefined)
  const fields = own.flatMap(([name, field]): [string, Node][] => {
    const at = path === '' ? name : `${path}.${name}`
    return [[at, field], ...fieldsOf(field, at)]
  })
  const inner = [...(node.oneOf ?? []), ...(node.anyOf ?? []), ...(node.items ? [node.items] : [])]
  return [...fields, ...inner.flatMap((one) => fieldsOf(one, path))]
}

describe.each(Object.keys(sourceKinds))('The form of %s', (kind) => {
  const driver = driverOf(kind)
  const form = settingsForm(driver) as Node
  const fields = fieldsOf(form)

  test('has words for every field, every choice and every alternative', () => {
    expect(fields.length > 0).toBe(kind !== 'installation') // which asks for nothing
    expect(fields.filter(([, field]) => !field.title).map(([path]) => path)).toEqual([])
    for (const [path, field] of fields) {
      if (field.enum) expect(Object.keys(field.enumTitles ?? {}), path).toEqual(field.enum)
      for (const one of [...(field.oneOf ?? []), ...(field.anyOf ?? []), ...(field.items?.anyOf ?? [])])
        expect(one.title, `an alternative of ${path}`).toBeTruthy()
    }
  })

  test('marks exactly the secret fields as secret', () => {
    const marked = fields.filter(([, field]) => field.secret).map(([path]) => path)
    expect([...new Set(marked)].sort()).toEqual([...driver.secretFields].sort())
    for (const [, field] of fields.filter(([, f]) => f.secret)) expect(field).toMatchObject({ type: 'string' })
  })
})

test('A form shows the examples of settings that are transformed, too.', () => {
  const { properties } = settingsForm(driverOf('sqlite')) as { properties: { path: object } }
  expect(properties.path).toMatchObject({ title: 'Database file', examples: ['/srv/shop/shop.sqlite'] })
})
