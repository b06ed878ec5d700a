import { figure, median, megabytes, ratio, seconds, sum, table } from '../figures.ts'
import type { Pipeline } from './pipeline.ts'
import { FIRST, type Run, type SourceCase } from './source-case.ts'

/** What a section says below its circumstances: the data, the pipelines, their figures, and which aims are met. */
export function report(source: SourceCase, runs: readonly Run[], leftOut: readonly string[]): string {
  const week = weekOf(source, runs)
  return [
    `${source.data}.`,
    pipelinesOf(source),
    ...leftOut,
    'The first run, into an empty repository or folder:',
    firstRuns(source, runs),
    `A run after a change, as wall s / CPU s / stored MB:`,
    laterRuns(source, runs),
    ...(week === null ? [] : week),
    aimsOf(source, runs),
  ].join('\n\n')
}

function pipelinesOf({ pipelines }: SourceCase): string {
  const yes = (is: boolean) => (is ? 'yes' : 'no')
  return table(
    ['pipeline', 'what it runs', 'encrypts', 'compresses', 'keeps'],
    pipelines.map((p) => [p.name, p.does, yes(p.encrypts), yes(p.compresses), p.keeps]),
  )
}

function firstRuns({ pipelines }: SourceCase, runs: readonly Run[]): string {
  const own = (name: string) => runs.filter((run) => run.pipeline === name && run.step === FIRST)
  const ours = median(own(pipelines[0]?.name ?? '').map((run) => run.wallMs))
  const rows = pipelines.map(({ name }) => {
    const [all, wall] = [own(name), median(own(name).map((run) => run.wallMs))]
    return [
      name,
      ...[seconds(wall), ratio(wall / ours), seconds(median(all.map((run) => run.cpuMs)))],
      ...[megabytes(median(all.map((run) => run.peakBytes))), megabytes(median(all.map((run) => run.storedBytes)))],
      `${all.length}`,
    ]
  })
  return table(['pipeline', 'wall s', '× ours', 'CPU s', 'memory MB', 'stored MB', 'median of'], rows, true)
}

function laterRuns({ pipelines, steps }: SourceCase, runs: readonly Run[]): string {
  const names = [...new Set(steps.map((step) => step.name))]
  const times = (name: string) => steps.filter((step) => step.name === name).length
  const rows = pipelines.map(({ name }) => [
    name,
    ...names.map((step) => {
      const all = runs.filter((run) => run.pipeline === name && run.step === step)
      const middle = (of: (run: Run) => number) => median(all.map(of))
      return `${seconds(middle((r) => r.wallMs))} / ${seconds(middle((r) => r.cpuMs))} / ${megabytes(middle((r) => r.storedBytes))}`
    }),
  ])
  const head = names.map((name) => (times(name) > 1 ? `${name} (median of ${times(name)})` : name))
  return table(['pipeline', ...head], rows, true)
}

function weekOf({ pipelines, steps }: SourceCase, runs: readonly Run[]): string[] | null {
  const days = steps.filter((step) => step.daily).length + 1
  if (days === 1) return null
  const rows = pipelines.map(({ name }) => {
    const all = runs.filter((run) => run.pipeline === name && run.daily)
    const total = (of: (run: Run) => number) => sum(all.map(of))
    return [
      name,
      seconds(total((r) => r.wallMs)),
      seconds(total((r) => r.cpuMs)),
      megabytes(total((r) => r.storedBytes)),
    ]
  })
  return [
    `All ${days} daily runs together: the first, and one after each day’s new and recent changes:`,
    table(['pipeline', 'wall s', 'CPU s', 'stored MB'], rows, true),
  ]
}

function aimsOf(source: SourceCase, runs: readonly Run[]): string {
  return [
    'Aims:',
    '',
    ...[byHand(source, runs), ...quicker(source, runs), ...smaller(source, runs)].map((l) => `- ${l}`),
  ].join('\n')
}

const verdict = (met: boolean) => (met ? '**Met**' : '**Not met**')

/** Every run of ours against the one by hand next to it, in the same state of the data. */
function byHand({ pipelines }: SourceCase, runs: readonly Run[]): string {
  const [ours, hand] = pipelines.slice(0, 2).map(({ name }) => runs.filter((run) => run.pipeline === name))
  const first = (of: readonly Run[] = []) => median(of.filter((run) => run.step === FIRST).map((run) => run.wallMs))
  const all = (of: readonly Run[] = []) => sum(of.map((run) => run.wallMs))
  const value = first(ours) / first(hand)
  return (
    `${verdict(value <= 1.03)}: a first run takes at most 1.03 times the restic command typed by hand. It is ` +
    `${ratio(value)}, and ${ratio(all(ours) / all(hand))} for all runs together.`
  )
}

function quicker({ pipelines }: SourceCase, runs: readonly Run[]): string[] {
  const wall = ({ name }: Pipeline, later: boolean) =>
    median(runs.filter((run) => run.pipeline === name && (run.step !== FIRST) === later).map((run) => run.wallMs))
  const [ours, , ...peers] = pipelines as [Pipeline, ...Pipeline[]]
  const rivals = peers.filter((peer) => peer.encrypts && peer.compresses)
  return [false, true].map((later) => {
    const faster = rivals.filter((peer) => wall(peer, later) <= wall(ours, later))
    const which = later ? 'a later run (the median of all kinds of change)' : 'a first run'
    const said = faster.map(
      (peer) => ` ${peer.name} is (${seconds(wall(peer, later))} s): ${peer.whyFaster ?? 'the reason is not known'}.`,
    )
    return (
      `${verdict(faster.length === 0)}: no peer that encrypts and compresses is faster than our ${seconds(wall(ours, later))} s ` +
      `in ${which}.${said.join('')}`
    )
  })
}

/** After new and recent changes; those at random are in the table. */
function smaller({ pipelines, steps }: SourceCase, runs: readonly Run[]): string[] {
  const names = [...new Set(steps.filter((step) => !step.scattered).map((step) => step.name))]
  const whole = pipelines.filter((peer) => peer.keeps === 'whole dumps' && peer.compresses)
  return names.map((name) => {
    const stored = (pipeline: string) =>
      median(runs.filter((run) => run.pipeline === pipeline && run.step === name).map((run) => run.storedBytes))
    const least = Math.min(...whole.map((peer) => stored(peer.name)))
    const value = stored(pipelines[0]?.name ?? '') / least
    return (
      `${verdict(value <= 0.1)}: after “${name}” ours stores at most a tenth of the smallest whole dump. It is ` +
      `${figure(value * 100)} % of it.`
    )
  })
}
