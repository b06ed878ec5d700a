import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { CodedError } from '#lib/errors/coded-error.ts'
import { driverOf } from '#lib/sources/registry.ts'
import { compare } from './diff.ts'
import { documentOf } from './export.ts'
import type { Present, PresentState } from './present.ts'
import { documentSchema, type Kind, sections } from './schema.ts'
import { readWanted, type WantedState } from './wanted.ts'
import { writeYaml } from './write-yaml.ts'

const nothing = (): PresentState => ({
  environment: new Map(),
  repository: new Map(),
  source: new Map(),
  plan: new Map(),
  channel: new Map(),
  settings: new Map([['settings', present('settings', { notificationRecipients: [], options: {} })]]),
})
const present = (name: string, fields: Present['fields'], shown = fields): Present => ({
  id: name,
  name,
  fields,
  shown,
  secrets: {},
  stays: null,
})

const read = (yaml: string, now = nothing()) =>
  readWanted({ driverOf }, { yaml, supplied: new Map([['env DISK', 'one password']]), prune: false }, now).wanted
const problems = (yaml: string, now?: PresentState): string[] => {
  try {
    read(yaml, now)
    return []
  } catch (thrown) {
    if (thrown instanceof CodedError && thrown.code === 'INPUT_INVALID')
      return (thrown.details as { issues: { path: string; problem: string }[] }).issues.map(
        ({ path, problem }) => `${path}: ${problem}`,
      )
    throw thrown
  }
}

/** An installation that is as the file says. */
const madeOf = (wanted: WantedState): PresentState =>
  Object.fromEntries(
    (Object.keys(sections) as Kind[]).map((kind) => [
      kind,
      new Map([...(wanted[kind] ?? [])].map(([name, { fields, shown }]) => [name, present(name, fields, shown)])),
    ]),
  ) as PresentState

const word = fc.stringMatching(/^[\p{L}\p{N}][\p{L}\p{N} ._'"#:&*!{}-]{0,20}[\p{L}\p{N}]$/u)
const plainWord = fc.stringMatching(/^[\p{L}\p{N}._-]{1,20}$/u)
const distinct = <T>(of: fc.Arbitrary<T>, name: (one: T) => string, minLength = 0) =>
  fc.uniqueArray(of, { selector: (one) => name(one).normalize('NFKC').toLowerCase().trim(), minLength, maxLength: 5 })

const anyDocument = distinct(plainWord, (name) => name, 1).chain((environments) =>
  fc.record({
    version: fc.constant(1),
    environments: fc.tuple(
      ...environments.map((name) =>
        fc.record(
          { name: fc.constant(name), protected: fc.boolean(), colour: fc.constantFrom('slate', 'red') },
          { requiredKeys: ['name'] },
        ),
      ),
    ),
    repositories: distinct(
      fc.record(
        {
          name: word,
          kind: fc.constant('local'),
          settings: fc.record({ path: plainWord.map((name) => `/srv/x${name}`) }),
          password: fc.constant({ fromEnv: 'DISK' }),
          options: fc.record(
            { pruneEveryDays: fc.nat(365), packSizeMib: fc.integer({ min: 4, max: 128 }) },
            { requiredKeys: [] },
          ),
        },
        { requiredKeys: ['name', 'kind', 'settings', 'password'] },
      ),
      ({ name }) => name,
    ),
    sources: distinct(
      fc.record(
        {
          name: word,
          environment: fc.constantFrom(...environments),
          kind: fc.constant('files'),
          settings: fc.record({
            paths: fc.array(
              plainWord.map((name) => `/srv/x${name}`),
              { minLength: 1, maxLength: 3 },
            ),
          }),
          tags: fc.uniqueArray(word, { maxLength: 3 }),
          enabled: fc.boolean(),
          maxAgeHours: fc.option(fc.integer({ min: 1, max: 1000 })),
        },
        { requiredKeys: ['name', 'environment', 'kind', 'settings'] },
      ),
      ({ name, environment }) => `${environment}/${name}`,
    ),
    plans: distinct(
      fc.record(
        {
          name: word,
          description: fc.string({ maxLength: 50 }),
          selection: fc.record({ environments: fc.subarray(environments) }, { requiredKeys: [] }),
          schedule: fc.constantFrom('daily', '15 22 * * 1-5', null),
          retries: fc.nat(10),
          retention: fc.record(
            { days: fc.integer({ min: 1, max: 90 }), weekly: fc.nat(9) },
            { requiredKeys: ['days'] },
          ),
        },
        { requiredKeys: ['name', 'selection'] },
      ),
      ({ name }) => name,
    ),
  }),
)

describe('for any valid file', () => {
  test('what it makes is written to a file that changes nothing, and that is written the same again', () => {
    fc.assert(
      fc.property(anyDocument, (document) => {
        const made = madeOf(read(writeYaml(document)))
        const full = { ...made, settings: nothing().settings }
        const yaml = writeYaml(documentOf(full))
        const again = read(yaml, full)
        expect(compare(full, again, true)).toEqual({ changes: [], left: [] })
        expect(writeYaml(documentOf({ ...madeOf(again), settings: full.settings }))).toBe(yaml)
      }),
      { numRuns: 60 },
    )
  })

  test('everything in it is added to an empty installation, once', () => {
    fc.assert(
      fc.property(anyDocument, (document) => {
        const { changes } = compare(nothing(), read(writeYaml(document)), false)
        const { environments, repositories, sources, plans } = document
        expect(changes).toHaveLength(environments.length + repositories.length + sources.length + plans.length)
        expect(changes.every(({ action }) => action === 'create')).toBe(true)
      }),
      { numRuns: 30 },
    )
  })
})

describe('a file that is wrong is refused with the line', () => {
  const bomb = `version: 1\na: &a [x, x, x, x, x, x, x, x, x]\n${'bcdefghi'
    .split('')
    .map((name, at) => `${name}: &${name} [${Array(9).fill(`*${'abcdefgh'[at]}`).join(', ')}]\n`)
    .join('')}`
  test.each<[string, string, RegExp]>([
    ['empty', '', /^: .*expected object/],
    ['of another version', 'version: 2', /^version: line 1: must be 1/],
    ['too large', `# ${'x'.repeat(1_000_000)}\nversion: 1`, /larger than 1 MB/],
    ['an alias bomb', bomb, /aliases/],
    ['an alias within its own anchor', 'version: 1\nplans: &a [*a]', /aliases/],
    ['nested without end', '['.repeat(200_000), /nested too deeply/],
    ['a key twice', 'version: 1\nplans: []\nplans: []', /^: line 3: the same key is there twice/],
    ['several documents', 'version: 1\n---\nversion: 1', /^: line 2: a second document begins/],
    ['no YAML', 'version: 1\nplans: [', /^: line 2/],
    [
      'a key that programs stumble over',
      'version: 1\n__proto__: {plans: []}',
      /^: line 2: “__proto__” cannot be a key/,
    ],
    ['a type of its own', 'version: !!js/function 1', /^: line 1: .*tag/],
    ['a key that is none', 'version: 1\n? [a]\n: 1', /^: line 2: something else than a word/],
    ['an unknown key', 'version: 1\nenviroments: []', /^enviroments: line 2: .*do you mean “environments”/],
    [
      'an unknown key inside',
      'version: 1\nplans:\n  - name: a\n    selection: {}\n    retires: 2',
      /^plans\.0\.retires: line 5: .*do you mean “retries”/,
    ],
    [
      'a wrong type',
      'version: 1\nplans:\n  - name: a\n    selection: {}\n    retries: many',
      /^plans\.0\.retries: line 5: /,
    ],
    [
      'a name twice',
      'version: 1\nenvironments:\n  - name: a\n  - name: a',
      /^environments\.1\.name: line 4: “a” is there twice/,
    ],
    [
      'an unknown name',
      'version: 1\nplans:\n  - name: a\n    selection: {environments: [live]}',
      /line 4: there is no environment “live”/,
    ],
    [
      'a channel that escalates to none that there is',
      'version: 1\nchannels:\n  - name: a\n    kind: ntfy\n    settings: {topic: x}\n    escalateTo: b',
      /^channels\.0\.escalateTo: line 6: there is no channel “b”/,
    ],
    [
      'a channel of an unknown kind',
      'version: 1\nchannels: [{name: a, kind: pager}]',
      /^channels\.0\.kind: line 2: There is no kind of channel “pager”/,
    ],
    [
      'a setting that the channel does not know',
      'version: 1\nchannels: [{name: a, kind: ntfy, settings: {topic: x, subject: y}}]',
      /^channels\.0\.settings\.subject: line 2/,
    ],
    [
      'a secret as it is',
      'version: 1\nenvironments: [{name: a}]\nsources:\n  - name: s\n    environment: a\n    kind: postgres\n    settings: {host: h, database: d, user: u, password: hunter2}',
      /^sources\.0\.settings\.password: line 7: must be \{secret: kept\}/,
    ],
    [
      'a setting that the driver does not know',
      'version: 1\nenvironments: [{name: a}]\nsources:\n  - name: s\n    environment: a\n    kind: files\n    settings:\n      paths: [/a]\n      exclud: []',
      /^sources\.0\.settings\.exclud: line 9: .*do you mean “exclude”/,
    ],
    [
      'an unknown kind',
      'version: 1\nenvironments: [{name: a}]\nsources:\n  - {name: s, environment: a, kind: oracle}',
      /^sources\.0\.kind: line 4: /,
    ],
    [
      'half a window',
      'version: 1\nplans: [{name: a, selection: {}, windowFrom: "01:00"}]',
      /^plans\.0\.windowTo: .*both its ends/,
    ],
  ])('%s', (_title, yaml, problem) => {
    const found = problems(yaml)
    expect(
      found.some((one) => problem.test(one)),
      found.join('\n'),
    ).toBe(true)
    expect(found.join('\n')).not.toContain('hunter2')
  })

  test('all that is wrong at once', () => {
    expect(
      problems('version: 1\nenvironments: [{name: a}, {name: a}]\nplans: [{name: b, selection: {sources: [a/x]}}]'),
    ).toHaveLength(2)
  })

  test('a name that differs only by its letters from one that is there', () => {
    const now = nothing()
    now.environment.set('Produktion', present('Produktion', { name: 'Produktion' }))
    expect(problems('version: 1\nenvironments: [{name: produktion}]', now)).toEqual([
      expect.stringContaining('“Produktion” is there'),
    ])
  })
})

test('A section that is left out is not touched, an empty one is, and what has a history stays', () => {
  const now = nothing()
  const plan = { name: 'a', selection: {} }
  now.plan.set('a', present('a', plan))
  now.plan.set('b', { ...present('b', { ...plan, name: 'b' }), stays: 'it has a history' })
  expect(compare(now, read('version: 1'), true)).toEqual({ changes: [], left: [] })
  const { changes, left } = compare(now, read('version: 1\nplans: []'), true)
  expect(changes.map(({ action, name }) => `${action} ${name}`)).toEqual(['delete a'])
  expect(left).toEqual([{ kind: 'plan', name: 'b', reason: 'it has a history' }])
})

test('Every section of the file is known to the comparison', () => {
  expect(Object.values(sections).sort()).toEqual(
    Object.keys(documentSchema.shape)
      .filter((name) => name !== 'version')
      .sort(),
  )
})
