import { isDeepStrictEqual } from 'node:util'
import type { z } from 'zod'
import { replaceSettings, type Secrets } from '#lib/forms/kept-secrets.ts'
import { joinSettings, splitSettings } from '#lib/forms/settings.ts'
import { flatIssues } from './issues.ts'
import { isPlain, withoutDefaults } from './leave-out.ts'
import type { Path } from './read-yaml.ts'
import { keyOf } from './references.ts'
import { ANOTHER, KEPT, secretForm } from './secret-form.ts'

type Plain = Record<string, unknown>

/** A kind of source or repository. */
export interface AsksForSettings {
  readonly settings: z.ZodType
  readonly secretFields: readonly string[]
}

/** Secrets that came with the file, by the key of their reference. */
export type Supplied = ReadonlyMap<string, string>

export interface GivenSettings {
  /** For the functions that store them: secrets that are given as text, those that go as null, those that stay left out. */
  input: Plain
  /** As they are compared and shown: parsed, a mark in the place of each secret. */
  parsed: Plain
  /** The same as the file writes it. */
  shown: Plain
  /** Secrets that are wanted and that nobody knows here. */
  missing: string[]
  problems: { path: Path; problem: string }[]
}

/** The settings that are stored, with marks in the place of secrets. */
export function storedSettings(asks: AsksForSettings, plain: Plain, secrets: Secrets): { parsed: Plain; shown: Plain } {
  const marks = mapValues(secrets, () => KEPT)
  const parsed = asks.settings.safeParse(joinSettings(plain, secrets))
  return {
    parsed: parsed.success ? withMarks(asks, parsed.data, marks) : join(plain, marks),
    shown: join(withoutDefaults(asks.settings, plain) as Plain, marks),
  }
}

/**
 * What the file says, over the secrets that are stored; null: the thing is new, or its settings are missing. A secret that
 * the file leaves out, or says is kept, stays; null takes it away; one that is given replaces it.
 */
export function givenSettings(
  asks: AsksForSettings,
  given: Plain,
  stored: Secrets | null,
  supplied: Supplied,
): GivenSettings {
  const problems: GivenSettings['problems'] = []
  const missing: string[] = []
  const fresh: Record<string, unknown> = {}
  let plain = given
  for (const field of asks.secretFields) {
    const path = field.split('.')
    const form = valueAt(given, path)
    if (form === undefined) continue
    plain = without(plain, path)
    if (form === null) {
      fresh[field] = null
      continue
    }
    const asked = secretForm.safeParse(form)
    if (!asked.success) {
      problems.push(...flatIssues(asked.error.issues, path))
      continue
    }
    const value = 'secret' in asked.data ? undefined : supplied.get(keyOf(asked.data))
    if (value !== undefined) fresh[field] = value
    else if (stored === null) missing.push(field)
    else if (!Object.hasOwn(stored, field)) problems.push({ path, problem: nothingKept })
  }
  const input = join(plain, fresh)
  const split = replaceSettings(asks, input, stored ?? {})
  const dummies = Object.fromEntries(missing.map((field) => [field, 'missing']))
  const parsed = asks.settings.safeParse(joinSettings(split.plain, { ...split.secrets, ...dummies }))
  if (!parsed.success)
    problems.push(
      ...flatIssues(parsed.error.issues, [], asks.settings).filter(({ path }) => !missing.includes(path.join('.'))),
    )
  const marks = {
    ...mapValues(split.secrets, (value, field) =>
      stored === null || isDeepStrictEqual(stored[field], value) ? KEPT : ANOTHER,
    ),
    ...mapValues(dummies, () => KEPT),
  }
  return {
    input,
    parsed: parsed.success ? withMarks(asks, parsed.data, marks) : plain,
    shown: join(withoutDefaults(asks.settings, split.plain) as Plain, marks),
    missing,
    problems,
  }
}

const nothingKept = 'there is no secret to keep, and none came with the file'

function withMarks(asks: AsksForSettings, parsed: unknown, marks: Record<string, unknown>): Plain {
  return join(splitSettings(parsed as Plain, asks.secretFields).plain, marks)
}

const join = (plain: Plain, values: Record<string, unknown>): Plain =>
  joinSettings(plain, values as Record<string, string>)

const mapValues = <T>(of: Readonly<Record<string, string>>, make: (value: string, key: string) => T) =>
  Object.fromEntries(Object.entries(of).map(([key, value]) => [key, make(value, key)]))

function valueAt(settings: Plain, path: readonly string[]): unknown {
  return path.reduce<unknown>((at, name) => (isPlain(at) && Object.hasOwn(at, name) ? at[name] : undefined), settings)
}

function without(settings: Plain, [name = '', ...rest]: readonly string[]): Plain {
  const { [name]: value, ...others } = settings
  return rest.length > 0 && isPlain(value) ? { ...settings, [name]: without(value, rest) } : others
}
