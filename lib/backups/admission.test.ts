import { describe, expect, it } from 'vitest'
import { CodedError } from '#lib/errors/coded-error.ts'
import { admit, type Candidate, leftOut } from './admission.ts'
import { parseTriggerInput } from './input.ts'

const staging = { id: 'e1', name: 'staging', repositoryId: null }
const production = { id: 'e2', name: 'production', repositoryId: 'of production' }
const facts = { environments: ['staging', 'production'], defaultRepositoryId: 'r1' }
const id = (n: number) => `00000000-0000-7000-8000-00000000000${n}`

function source(n: number, over: Partial<Candidate> = {}): Candidate {
  return {
    id: id(n),
    name: `source ${n}`,
    type: 'DATABASE',
    kind: 'postgres',
    enabled: true,
    environment: staging,
    repositoryId: null,
    settings: { host: 'db', database: `db${n}` },
    activeBackupId: null,
    ...over,
  }
}

function codeOf(act: () => unknown): string {
  try {
    act()
  } catch (error) {
    if (error instanceof CodedError) return error.code
    throw error
  }
  return 'admitted'
}

const trigger = (input: object, sources: Candidate[], over = {}) =>
  admit(parseTriggerInput(input), sources, { ...facts, ...over })

describe('admission', () => {
  it('takes every enabled source of the type in the chosen environments and nothing else', () => {
    const admitted = trigger({ type: 'DATABASE', environments: ['staging'] }, [
      source(1),
      source(2, { enabled: false }),
      source(3, { environment: production }),
      source(4, { type: 'STORAGE', kind: 'files' }),
    ])
    expect(admitted.map((run) => run.source.id)).toEqual([id(1)])
  })

  it('takes every type for a full system backup', () => {
    const all = [source(1), source(2, { type: 'STORAGE', kind: 'files' }), source(3, { type: 'USER_DATA' })]
    expect(trigger({ type: 'FULL' }, all)).toHaveLength(3)
  })

  it('prefers the repository of the source to that of its environment, and that to the default one', () => {
    const admitted = trigger({ type: 'DATABASE' }, [
      source(1, { repositoryId: 'own', environment: production }),
      source(2, { environment: production }),
      source(3),
    ])
    expect(admitted.map((run) => run.repositoryId)).toEqual(['own', 'of production', 'r1'])
  })

  it('says which sources of the chosen environments it leaves out, and why', () => {
    const sources = [
      source(1),
      source(2, { enabled: false }),
      source(3, { environment: production }),
      source(4, { type: 'STORAGE', kind: 'files' }),
    ]
    const left = (input: object) => {
      const parsed = parseTriggerInput(input)
      return leftOut(parsed, sources, admit(parsed, sources, facts)).map((one) => [one.name, one.reason])
    }
    expect(left({ type: 'DATABASE', environments: ['staging'] })).toEqual([
      ['source 2', 'DISABLED'],
      ['source 4', 'OTHER_TYPE'],
    ])
    expect(left({ type: 'FULL' })).toEqual([['source 2', 'DISABLED']])
    expect(left({ type: 'DATABASE', environments: ['staging'], databaseName: 'db1' })).toEqual([
      ['source 2', 'DISABLED'],
      ['source 4', 'OTHER_TYPE'],
    ])
    expect(left({ type: 'DATABASE', databaseName: 'db3' })[0]).toEqual(['source 1', 'OTHER_DATABASE_OR_FOLDER'])
    expect(left({ type: 'FULL', sourceIds: [id(1)] })).toEqual([])
  })

  const files = source(7, { type: 'STORAGE', kind: 'files', settings: { paths: ['/srv/data'] } })
  const refusals: [string, object, Candidate[], object, string][] = [
    ['an unknown environment', { type: 'FULL', environments: ['nowhere'] }, [source(1)], {}, 'ENVIRONMENT_UNKNOWN'],
    ['an unknown source', { type: 'FULL', sourceIds: [id(9)] }, [source(1)], {}, 'SOURCE_UNKNOWN'],
    [
      'a source of another environment',
      { type: 'FULL', environments: ['production'], sourceIds: [id(1)] },
      [source(1)],
      {},
      'SOURCE_UNKNOWN',
    ],
    ['a disabled source', { type: 'FULL', sourceIds: [id(1)] }, [source(1, { enabled: false })], {}, 'SOURCE_DISABLED'],
    ['a source of another type', { type: 'STORAGE', sourceIds: [id(1)] }, [source(1)], {}, 'SOURCE_TYPE_MISMATCH'],
    ['an empty selection', { type: 'USER_DATA' }, [source(1)], {}, 'NOTHING_TO_BACK_UP'],
    ['no repository', { type: 'DATABASE' }, [source(1)], { defaultRepositoryId: null }, 'NO_REPOSITORY'],
    ['a source at work', { type: 'DATABASE' }, [source(1, { activeBackupId: 'b' })], {}, 'BACKUP_ALREADY_RUNNING'],
    [
      'an unknown database',
      { type: 'DATABASE', databaseName: 'x' },
      [source(1), source(2)],
      {},
      'DATABASE_NAME_UNKNOWN',
    ],
    ['a folder outside', { type: 'STORAGE', storagePath: '/srv/other' }, [files], {}, 'PATH_NOT_ALLOWED'],
    [
      'a folder that only begins alike',
      { type: 'STORAGE', storagePath: '/srv/dataEVIL' },
      [files],
      {},
      'PATH_NOT_ALLOWED',
    ],
  ]
  it.each(refusals)('refuses %s', (_title, input, sources, over, code) => {
    expect(codeOf(() => trigger(input, sources, over))).toBe(code)
  })

  it('narrows a storage source to a folder in it', () => {
    const [run] = trigger({ type: 'STORAGE', storagePath: '/srv/data/a/' }, [files])
    expect(run?.storagePath).toBe('/srv/data/a')
  })

  it('finds a database by the sources that list it among others', () => {
    const listing = source(1, { settings: { host: 'db', databases: ['a', 'b'] } })
    expect(trigger({ type: 'DATABASE', databaseName: 'b' }, [listing, source(2)])).toMatchObject([
      { source: { id: id(1) }, part: 'database:b' },
    ])
  })

  it('asks a single PostgreSQL source for another database of its server', () => {
    expect(trigger({ type: 'DATABASE', databaseName: 'other' }, [source(1)])[0]?.part).toBe('database:other')
    expect(trigger({ type: 'DATABASE', databaseName: 'db1' }, [source(1), source(2)])[0]?.part).toBe('')
  })
})

describe('the input of a trigger', () => {
  const bad: [string, object, string][] = [
    ['an unknown type', { type: 'EVERYTHING' }, 'type'],
    ['compression 0', { type: 'FULL', compressionLevel: 0 }, 'compressionLevel'],
    ['compression 10', { type: 'FULL', compressionLevel: 10 }, 'compressionLevel'],
    ['a description of a megabyte', { type: 'FULL', description: 'x'.repeat(1_000_000) }, 'description'],
    ['a NUL in a description', { type: 'FULL', description: 'a\0b' }, 'description'],
    ['“..” in a folder', { type: 'STORAGE', storagePath: '/srv/data/../../etc' }, 'storagePath'],
    ['a NUL in a folder', { type: 'STORAGE', storagePath: '/srv/da\0ta' }, 'storagePath'],
    ['a relative folder', { type: 'STORAGE', storagePath: 'srv' }, 'storagePath'],
    ['a database for a storage backup', { type: 'STORAGE', databaseName: 'x' }, 'databaseName'],
    ['a folder for a database backup', { type: 'DATABASE', storagePath: '/srv' }, 'storagePath'],
    ['an empty list of sources', { type: 'FULL', sourceIds: [] }, 'sourceIds'],
    ['a field that does not exist', { type: 'FULL', password: 'x' }, ''],
  ]
  it.each(bad)('refuses %s and names the field', (_title, input, path) => {
    try {
      parseTriggerInput(input)
      expect.unreachable()
    } catch (error) {
      expect(error).toBeInstanceOf(CodedError)
      expect((error as CodedError<'INPUT_INVALID'>).details.issues[0]?.path).toBe(path)
    }
  })
})
