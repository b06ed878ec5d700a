/** What a person fills in to add a source, as text; the server's drivers decide whether it is right. */
export interface Draft {
  kind: 'sqlite' | 'postgres' | 'files' | 'user-data'
  /** For user-data: the kind of the database that is exported. */
  from: 'sqlite' | 'postgres'
  path: string
  host: string
  port: string
  database: string
  user: string
  password: string
  sslMode: string
  paths: string
  exclude: string
  tables: string
}

export const emptyDraft: Draft = {
  kind: 'postgres',
  from: 'postgres',
  path: '',
  host: '127.0.0.1',
  port: '5432',
  database: '',
  user: '',
  password: '',
  sslMode: 'prefer',
  paths: '',
  exclude: '',
  tables: '',
}

const lines = (text: string): string[] =>
  text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '')

/** The draft as the settings of its driver. */
export function settingsOf(draft: Draft): Record<string, unknown> {
  switch (draft.kind) {
    case 'sqlite':
      return { path: draft.path.trim() }
    case 'postgres':
      return connection(draft)
    case 'files':
      return { paths: lines(draft.paths), exclude: lines(draft.exclude) }
    case 'user-data':
      return {
        connection:
          draft.from === 'sqlite'
            ? { kind: 'sqlite', path: draft.path.trim() }
            : { kind: 'postgres', ...connection(draft) },
        exports: lines(draft.tables).map((table) => ({ name: table.replace(/[^a-zA-Z0-9_-]/g, '_'), table })),
      }
  }
}

function connection(draft: Draft): Record<string, unknown> {
  return {
    host: draft.host.trim(),
    port: Number(draft.port),
    database: draft.database.trim(),
    user: draft.user.trim(),
    sslMode: draft.sslMode,
    ...(draft.password !== '' && { password: draft.password }),
  }
}
