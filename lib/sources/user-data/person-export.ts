import type { Readable } from 'node:stream'
import { CodedError } from '#lib/errors/coded-error.ts'
import type { DriverContext } from '../driver.ts'
import type { Selection } from '../exports/selection.ts'
import { readSelections } from './export-all.ts'
import { rootsOfPerson } from './person-files.ts'
import { type PersonManifest, PersonWriter } from './person-writer.ts'
import { ofPerson } from './selections.ts'
import type { UserDataSettings } from './settings.ts'
import { ZipWriter } from './zip-writer.ts'

type PersonContext = Pick<DriverContext, 'signal' | 'storageRoots' | 'progress'>

/**
 * All that the source knows of one person as a ZIP: <name>.csv and <name>.ndjson of one moment, files/…, and manifest.json
 * last. It is made while it is read, in constant memory and without a copy on disk; each SELECT runs once per form, in the
 * same snapshot. Resolves when the person is known; whatever goes wrong later breaks the stream, which then never looks
 * whole. Destroying the stream stops the work. Rejects with USER_DATA_PERSON_UNKNOWN, USER_DATA_NOT_PER_PERSON,
 * INPUT_INVALID, and as the driver's `open`.
 */
export async function exportPerson(settings: UserDataSettings, person: string, ctx: PersonContext): Promise<Readable> {
  const { selections, leftOut } = ofPerson(settings)
  if (selections.length === 0 && settings.files.length === 0) throw new CodedError('USER_DATA_NOT_PER_PERSON', {})
  const roots = await rootsOfPerson(settings.files, person, ctx)
  const { spreadsheetSafe } = settings
  const manifest: PersonManifest = {
    person,
    snapshotAt: '',
    kind: settings.connection.kind,
    spreadsheetSafe,
    exports: [],
    leftOut,
    files: [],
    filesLeftOut: [],
  }
  const left = new AbortController()
  const signal = AbortSignal.any([ctx.signal, left.signal])
  const zip = new ZipWriter(signal)
  zip.output.once('close', () => left.abort(new Error('the reader of the ZIP went away')))
  const writer = new PersonWriter(zip, manifest, signal, ctx.progress)
  const inBothForms = selections.flatMap((one): Selection[] => [
    { ...one, want: 'csv' },
    { ...one, want: 'ndjson' },
  ])
  const known = Promise.withResolvers<Readable>()
  const write = async () => {
    await readSelections(
      settings,
      inBothForms,
      person,
      { signal },
      {
        begin: (snapshotAt, found) => {
          if (!found && roots.length === 0) throw new CodedError('USER_DATA_PERSON_UNKNOWN', { person })
          manifest.snapshotAt = snapshotAt
          known.resolve(zip.output)
        },
        open: (selection, columns) => writer.open(selection, columns),
        rows: (rows) => writer.rows(rows),
        close: (rows, columns) => writer.close(rows, columns),
      },
    )
    for (const root of roots) await writer.files(root)
    await writer.manifest()
    signal.throwIfAborted()
    zip.end()
  }
  write().catch((error: Error) => {
    known.reject(error)
    zip.fail(error)
  })
  return known.promise
}
