import { Field, Input, Select, TextArea } from '#app/_ui/field.tsx'
import type { Draft } from './draft.ts'

interface Props {
  draft: Draft
  change: (changed: Partial<Draft>) => void
}

/** The fields of the chosen kind. */
export function SettingsFields({ draft, change }: Props) {
  switch (draft.kind) {
    case 'sqlite':
      return <SqliteFields draft={draft} change={change} />
    case 'postgres':
      return <PostgresFields draft={draft} change={change} />
    case 'files':
      return <FilesFields draft={draft} change={change} />
    case 'user-data':
      return <UserDataFields draft={draft} change={change} />
  }
}

function SqliteFields({ draft, change }: Props) {
  return (
    <Field label="Database file" htmlFor="path" hint="An absolute path on the worker’s machine.">
      <Input
        id="path"
        aria-describedby="path-hint"
        required
        value={draft.path}
        onChange={(event) => change({ path: event.target.value })}
        placeholder="/srv/shop/shop.sqlite"
      />
    </Field>
  )
}

const texts = [
  { name: 'host', label: 'Host', type: 'text' },
  { name: 'port', label: 'Port', type: 'number' },
  { name: 'database', label: 'Database', type: 'text' },
  { name: 'user', label: 'User', type: 'text' },
] as const

function PostgresFields({ draft, change }: Props) {
  return (
    <div className="grid gap-4 sm:grid-cols-2">
      {texts.map(({ name, label, type }) => (
        <Field key={name} label={label} htmlFor={name}>
          <Input
            id={name}
            type={type}
            required
            autoComplete="off"
            value={draft[name]}
            onChange={(event) => change({ [name]: event.target.value })}
          />
        </Field>
      ))}
      <Field label="Password" htmlFor="password" hint="Stored encrypted and never shown again.">
        <Input
          id="password"
          aria-describedby="password-hint"
          type="password"
          autoComplete="new-password"
          value={draft.password}
          onChange={(event) => change({ password: event.target.value })}
        />
      </Field>
      <Field label="Encryption" htmlFor="sslMode">
        <Select id="sslMode" value={draft.sslMode} onChange={(event) => change({ sslMode: event.target.value })}>
          <option value="prefer">When the server offers it</option>
          <option value="require">Always</option>
          <option value="disable">Never</option>
        </Select>
      </Field>
    </div>
  )
}

function FilesFields({ draft, change }: Props) {
  return (
    <>
      <Field label="Folders, one a line" htmlFor="paths" hint="Absolute, and inside a folder of STORAGE_ROOTS.">
        <TextArea
          id="paths"
          aria-describedby="paths-hint"
          rows={3}
          required
          spellCheck={false}
          value={draft.paths}
          onChange={(event) => change({ paths: event.target.value })}
          placeholder="/srv/uploads"
        />
      </Field>
      <Field label="Leave out, one pattern a line" htmlFor="exclude" hint="As restic’s --exclude takes them.">
        <TextArea
          id="exclude"
          aria-describedby="exclude-hint"
          rows={3}
          spellCheck={false}
          value={draft.exclude}
          onChange={(event) => change({ exclude: event.target.value })}
          placeholder="*.tmp"
        />
      </Field>
    </>
  )
}

function UserDataFields({ draft, change }: Props) {
  return (
    <>
      <Field label="Exported from" htmlFor="from">
        <Select
          id="from"
          value={draft.from}
          onChange={(event) => change({ from: event.target.value === 'sqlite' ? 'sqlite' : 'postgres' })}
        >
          <option value="postgres">PostgreSQL</option>
          <option value="sqlite">SQLite</option>
        </Select>
      </Field>
      {draft.from === 'sqlite' ? (
        <SqliteFields draft={draft} change={change} />
      ) : (
        <PostgresFields draft={draft} change={change} />
      )}
      <Field
        label="Tables, one a line"
        htmlFor="tables"
        hint="Each becomes a CSV and an NDJSON file. SELECT queries can be added through the API."
      >
        <TextArea
          id="tables"
          aria-describedby="tables-hint"
          rows={4}
          required
          spellCheck={false}
          value={draft.tables}
          onChange={(event) => change({ tables: event.target.value })}
          placeholder="customers"
        />
      </Field>
    </>
  )
}
