import { lstat, mkdir, readdir, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { runChild } from '#lib/process/child.ts'
import { sum } from '../figures.ts'
import { type Cost, measure } from '../measure.ts'
import { act, type Pipeline, type Place, type Surroundings } from './pipeline.ts'

/** One change of the data, after which every pipeline backs up once more. */
export interface Step {
  /** "1 % new rows" */
  name: string
  /** Part of the week: the first run and these are its days. */
  daily: boolean
  /** Random changes over all of the data leave hardly any stretch of it as it was. */
  scattered: boolean
  make(): Promise<void>
}

/** Data on one kind of source, the pipelines that back it up, and what changes between their runs. */
export interface SourceCase {
  /** "PostgreSQL" */
  title: string
  /** What the data is, and its size. */
  data: string
  surroundings: Surroundings
  /** Programs of the source itself, such as pg_dump. */
  programs: readonly string[]
  /** Ours first, restic by hand second. */
  pipelines: readonly Pipeline[]
  steps: readonly Step[]
  close(): Promise<void>
}

/** What a case is opened with. */
export interface Opening {
  /** Its own, for data and clients' files. */
  folder: string
  small: boolean
  signal: AbortSignal
}

/** One measured run. */
export interface Run extends Cost {
  pipeline: string
  /** The step's name; FIRST for the run into an empty target. */
  step: string
  daily: boolean
  storedBytes: number
}

export const FIRST = 'first'

/** A peer whose first run takes longer than this many of ours is measured once: no median would change the order. */
const CLEARLY_SLOWER = 2

/**
 * Runs everything: all pipelines one after another for each state of the data, starting with another one each time, so that
 * none always has the quiet machine. First runs are repeated, each into an empty target, until there are `rounds` of those
 * that are not clearly slower than ours. Rejects when any run fails.
 */
export async function runCase(
  source: SourceCase,
  folder: string,
  rounds: number,
  signal: AbortSignal,
  say: (line: string) => void,
): Promise<Run[]> {
  const runs: Run[] = []
  const one = async (pipeline: Pipeline, place: Place, step: Pick<Step, 'name' | 'daily'>) => {
    const run = {
      pipeline: pipeline.name,
      step: step.name,
      daily: step.daily,
      ...(await runOnce(source, pipeline, place)),
    }
    runs.push(run)
    say(`${source.title}, ${step.name}: ${pipeline.name} ${(run.wallMs / 1000).toFixed(1)} s`)
  }
  const placeOf = (pipeline: Pipeline, round: number, run: number): Place => {
    const own = join(folder, `${source.pipelines.indexOf(pipeline)}-${round}`)
    return { target: join(own, 'stored'), work: join(own, 'work'), run, signal }
  }

  for (const pipeline of source.pipelines) await one(pipeline, placeOf(pipeline, 0, 0), { name: FIRST, daily: true })
  const limit = CLEARLY_SLOWER * (runs[0]?.wallMs ?? 0)
  const close = source.pipelines.filter((_, i) => (runs[i]?.wallMs ?? 0) <= limit)
  for (let round = 1; round < rounds; round += 1)
    for (const pipeline of rotated(close, round)) {
      const place = placeOf(pipeline, round, 0)
      await one(pipeline, place, { name: FIRST, daily: false })
      await rm(dirname(place.target), { recursive: true })
    }
  for (const [i, step] of source.steps.entries()) {
    await step.make()
    for (const pipeline of rotated(source.pipelines, i + 1)) await one(pipeline, placeOf(pipeline, 0, i + 1), step)
  }
  return runs
}

async function runOnce(
  { surroundings }: SourceCase,
  pipeline: Pipeline,
  place: Place,
): Promise<Cost & { storedBytes: number }> {
  await mkdir(place.target, { recursive: true })
  await mkdir(place.work, { recursive: true })
  if (place.run === 0 && pipeline.prepare) await act(pipeline.prepare, place, surroundings)
  const before = await sizeOf(place.target)
  await runChild({ command: '/bin/sync', args: [], env: {} }) // what was written before is not to be waited for now
  const cost = await measure(() => act(pipeline.run, place, surroundings))
  const storedBytes = (await sizeOf(place.target)) - before
  if (storedBytes <= 0) throw new Error(`${pipeline.name} stored nothing`)
  if (pipeline.keeps === 'whole dumps') await rm(place.target, { recursive: true })
  return { ...cost, storedBytes }
}

/** Bytes in all files below the folder. */
async function sizeOf(folder: string): Promise<number> {
  const entries = await readdir(folder, { withFileTypes: true, recursive: true })
  const files = entries.filter((entry) => entry.isFile())
  const sizes = await Promise.all(files.map(async (file) => (await lstat(join(file.parentPath, file.name))).size))
  return sum(sizes)
}

function rotated<T>(list: readonly T[], by: number): T[] {
  const at = by % list.length
  return [...list.slice(at), ...list.slice(0, at)]
}
