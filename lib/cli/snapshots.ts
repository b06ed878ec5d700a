import { randomUUID } from 'node:crypto'
import { createWriteStream } from 'node:fs'
import { link, rm } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { type Command, InvalidArgumentError, Option } from 'commander'
import { type CommandDeps, type CommonFlags, sayTo } from './command.ts'
import { successOf } from './connection.ts'
import { CommandFailed } from './failure.ts'
import { columns, formatBytes, printable } from './format.ts'

interface Entry {
  name: string
  path: string
  type: 'FILE' | 'FOLDER' | 'OTHER'
  bytes: string | number | null
  modifiedAt: string
}
interface Page {
  entries: Entry[]
  next: string | null
}
type Version = Omit<Entry, 'name'> & { runs: { id: string }[] }
interface LsFlags extends CommonFlags {
  limit: number
}
interface DownloadFlags extends CommonFlags {
  out?: string
  archive: string
}

const lsDocument = `query ($runId: ID!, $path: String, $first: Int, $after: String) {
  snapshot(id: $runId) { entries(path: $path, first: $first, after: $after) { __typename
    ... on SnapshotEntryPage { entries { name path type bytes modifiedAt } next } ... on Problem { code message remedy } } } }`
const findDocument = `query ($sourceId: ID!, $name: String!) { findFile(sourceId: $sourceId, name: $name) { __typename
    ... on FileVersions { versions { path type bytes modifiedAt runs { id } } } ... on Problem { code message remedy } } }`
const PAGE = 500

/** `ls`, `find` and `download`: what was saved. All need a token with the scope backup:restore. */
export function addSnapshotCommands(program: Command, deps: CommandDeps): void {
  const say = sayTo(deps)
  const open = (flags: CommonFlags) => deps.open(flags as never)

  deps
    .command('ls', 'List a folder of what a run saved.', program)
    .argument('<run>', 'its id')
    .argument('[folder]', 'absolute', '/')
    .option('--limit <entries>', 'at most so many', whole, 10_000)
    .action(async (runId: string, path: string, flags: LsFlags) => {
      const connection = open(flags)
      const entries: Entry[] = []
      let after: string | null = null
      do {
        const first = Math.min(PAGE, flags.limit - entries.length)
        const { snapshot } = await connection.ask<{ snapshot: { entries: Page } }>(lsDocument, {
          runId,
          path,
          first,
          after,
        })
        const page: Page = successOf(snapshot.entries)
        entries.push(...page.entries)
        after = page.next
      } while (after !== null && entries.length < flags.limit)
      const lines = columns(entries.map(lineOf))
      say(flags, entries, after === null ? lines : [...lines, `There are more than these ${entries.length}: --limit.`])
    })

  deps
    .command('find', 'Find a name in all that is saved of a source, and in which versions.', program)
    .argument('<source>', 'its id')
    .argument('<name>', 'of a file or a folder; * and ? stand for other characters')
    .action(async (sourceId: string, name: string, flags: CommonFlags) => {
      const { versions } = await open(flags).result<{ versions: Version[] }>(findDocument, { sourceId, name })
      const rows = versions.map(({ path, runs, ...one }) => [
        ...lineOf({ ...one, path, name: path }),
        `${runs.length} ${runs.length === 1 ? 'run' : 'runs'}, last ${runs[0]?.id}`,
      ])
      say(flags, versions, rows.length === 0 ? ['There is nothing of that name.'] : columns(rows))
    })

  deps
    .command('download', 'Download a file of what a run saved, or a folder as an archive.', program)
    .argument('<run>', 'its id')
    .argument('<path>', 'absolute')
    .option('--out <file>', 'a new file for it; its own name in this folder when left out')
    .addOption(new Option('--archive <format>', 'of a folder').choices(['zip', 'tar', 'tar.zst']).default('zip'))
    .action(async (runId: string, path: string, flags: DownloadFlags) => {
      const { url, token } = open(flags)
      const address = new URL(`${url}/api/snapshot-download`)
      address.search = new URLSearchParams({ run: runId, path, archive: flags.archive }).toString()
      const response = await fetch(address, {
        headers: token ? { authorization: `Bearer ${token}` } : {},
        redirect: 'error',
      }).catch((cause: unknown) => fail(`${url} cannot be reached.`, 'Check the address and the network.', cause))
      if (!response.ok || response.body === null) await refuse(response)
      const isArchive = !response.headers.has('content-length')
      const own = `${basename(path) || `snapshot-${runId}`}${isArchive ? `.${flags.archive}` : ''}`
      const file = flags.out ?? own
      const bytes = await intoFile(response, file)
      say(flags, [{ file, bytes }], [`${printable(file)}: ${formatBytes(bytes)}`])
    })
}

function whole(text: string): number {
  if (/^[1-9]\d{0,8}$/.test(text)) return Number(text)
  throw new InvalidArgumentError('Use a whole number.')
}

const lineOf = (entry: Entry): string[] => [
  entry.modifiedAt.slice(0, 19).replace('T', ' '),
  entry.bytes === null ? '' : formatBytes(Number(entry.bytes)),
  printable(entry.name) + (entry.type === 'FOLDER' ? '/' : ''),
]

/**
 * The file has its name only once all has arrived: Node rejects a body that breaks or is shorter than announced. What is there
 * already is not replaced.
 */
async function intoFile(response: Response, file: string): Promise<number> {
  const partial = join(dirname(file), `.${basename(file)}.${randomUUID()}.part`)
  const sink = createWriteStream(partial, { flags: 'wx', mode: 0o600 })
  try {
    await pipeline(Readable.fromWeb(response.body as never), sink)
    await link(partial, file)
    return sink.bytesWritten
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException
    if (code === 'EEXIST') fail(`“${file}” is there already.`, 'Give the name of a new file with --out.', cause)
    return fail(
      `The download broke off: ${(cause as Error).message}.`,
      'Nothing was kept of it. Try again; the log of the server says why, if it was not the network.',
      cause,
    )
  } finally {
    await rm(partial, { force: true })
  }
}

async function refuse(response: Response): Promise<never> {
  const body = (await response.json().catch(() => ({}))) as {
    error?: { code?: string; message?: string; remedy?: string }
  }
  const { code, message = `The server answered ${response.status}.`, remedy = 'Check the address.' } = body.error ?? {}
  throw new CommandFailed(message, remedy, code === undefined ? {} : { code })
}

function fail(message: string, remedy: string, cause: unknown): never {
  throw new CommandFailed(message, remedy, { cause })
}
