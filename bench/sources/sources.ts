import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openRestic, type Restic } from '#lib/restic/restic.ts'
import { circumstances, versionOf } from '../machine.ts'
import type { Section } from '../page.ts'
import { openFiles } from './files.ts'
import { openMariadb } from './mariadb.ts'
import { openPostgres } from './postgres.ts'
import { report } from './report.ts'
import { type Opening, runCase, type SourceCase } from './source-case.ts'

const openers = { postgres: openPostgres, mariadb: openMariadb, files: openFiles } satisfies Record<string, Opener>
type Opener = (restic: Restic, at: Opening) => Promise<SourceCase>

/** The kinds of source that are measured, by the names that the command takes. */
export const sourceCases = Object.keys(openers)

const ROUNDS = 3

/**
 * Every kind of source against the pipelines that others run, one section each. `small` is for trying it out: little data,
 * one change, no repetition. After an abort nothing that was started or written remains.
 */
export async function* sources(names: readonly string[], small: boolean, signal: AbortSignal): AsyncGenerator<Section> {
  for (const name of names) {
    const folder = await mkdtemp(join(tmpdir(), 'bench-sources-'))
    try {
      yield await measured(name, openers[name as keyof typeof openers], { folder, small, signal })
    } finally {
      await rm(folder, { recursive: true, force: true })
    }
  }
}

async function measured(name: string, open: Opener, at: Opening): Promise<Section> {
  const { folder, small, signal } = at
  const restic = await openRestic({
    binary: process.env.RESTIC_BINARY,
    toolsDir: join(import.meta.dirname, '../../.tools/bin'),
    cacheDir: join(folder, 'restic-cache'),
  })
  const source = await open(restic, at)
  try {
    const { present, missing } = await programsOf(source)
    const pipelines = source.pipelines.filter((pipeline) => !pipeline.needs.some((need) => missing.includes(need)))
    const leftOut = source.pipelines
      .filter((pipeline) => !pipelines.includes(pipeline))
      .map(
        (p) =>
          `Left out is ${p.name}: ${p.needs.filter((need) => missing.includes(need)).join(', ')} is not installed.`,
      )
    const here = { ...source, pipelines, steps: small ? source.steps.slice(0, 1) : source.steps }
    const runs = await runCase(here, folder, small ? 1 : ROUNDS, signal, console.error)
    const command = `sources ${name}${small ? ' --small' : ''}`
    return {
      name: `sources ${name}`,
      title: `${source.title}, against the pipelines of others`,
      content: [circumstances(command, [`restic ${restic.version}`, ...present]), report(here, runs, leftOut)].join(
        '\n\n',
      ),
    }
  } finally {
    await source.close()
  }
}

async function programsOf(source: SourceCase): Promise<{ present: string[]; missing: string[] }> {
  const present: string[] = []
  const missing: string[] = []
  for (const program of new Set([...source.programs, ...source.pipelines.flatMap((pipeline) => pipeline.needs)])) {
    const version = await versionOf(program, source.surroundings.PATH)
    if (version === null) missing.push(program)
    else present.push(version)
  }
  return { present, missing }
}
