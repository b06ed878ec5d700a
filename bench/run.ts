/**
 * `npm run bench -- [overhead | responsiveness | counting | restore | browse | history | sources [postgres] [mariadb] [files]] [--small] [--page FILE]`: measures and writes
 * the sections of docs/benchmarks.md. Without a name: overhead, then responsiveness. `--small` tries a measurement out on
 * little data; its figures say nothing, so they are printed and not written unless a page is named.
 */
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { type Section, writeSection } from './page.ts'

const PAGE = join(import.meta.dirname, '../docs/benchmarks.md')

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { small: { type: 'boolean', default: false }, page: { type: 'string' } },
})
const page = values.page ?? (values.small ? null : PAGE)
const [name, ...rest] = positionals
const stop = new AbortController()
for (const signal of ['SIGINT', 'SIGTERM'] as const)
  process.once(signal, () => stop.abort(new Error(`stopped by ${signal}`)))

for await (const section of measurements(name, rest, values.small)) {
  if (page === null) console.log(`## ${section.title}\n\n${section.content}\n`)
  else await writeSection(page, section)
}

async function* measurements(name: string | undefined, which: string[], small: boolean): AsyncGenerator<Section> {
  if (name === undefined || name === 'overhead') yield (await import('./overhead.ts')).overhead(small)
  if (name === undefined || name === 'responsiveness') yield (await import('./responsiveness.ts')).responsiveness(small)
  if (name === 'counting') yield (await import('./counting.ts')).counting(small)
  if (name === 'restore') yield (await import('./restore.ts')).restore(small)
  if (name === 'browse') yield (await import('./browse.ts')).browse(small)
  if (name === 'history') yield (await import('./history.ts')).history(small)
  if (name === 'sources') {
    const { sources, sourceCases } = await import('./sources/sources.ts')
    const unknown = which.filter((one) => !sourceCases.includes(one))
    if (unknown.length > 0) throw new Error(`sources knows ${sourceCases.join(', ')}, and not ${unknown.join(', ')}`)
    yield* sources(which.length > 0 ? which : sourceCases, small, stop.signal)
  }
  if (
    name !== undefined &&
    !['overhead', 'responsiveness', 'counting', 'restore', 'browse', 'history', 'sources'].includes(name)
  )
    throw new Error(
      `there is no measurement called ${name}: overhead, responsiveness, counting, restore, browse, history, sources`,
    )
}
