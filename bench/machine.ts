import { availableParallelism, loadavg, totalmem } from 'node:os'
import { systemClock } from '#lib/clock/now.ts'
import { runChild } from '#lib/process/child.ts'

/**
 * How many programs wanted a core in the minute before this one began. More than about 0.3, and the figures are those of a
 * busy machine.
 */
const loadBefore = loadavg()[0] ?? Number.NaN

/** One paragraph above a section's figures: when and where they were made. `programs` are "pg_dump 15.14" and the like. */
export function circumstances(command: string, programs: readonly string[]): string {
  const gibibytes = Math.round(totalmem() / 2 ** 30)
  const date = systemClock.now().toISOString().slice(0, 10)
  return (
    `Made by \`npm run bench -- ${command}\` on ${date}: ${availableParallelism()} cores, ${gibibytes} GiB of memory, load average ` +
    `before it ${loadBefore.toFixed(1)}; ${programs.join(', ')}.`
  )
}

/** "zstd 1.5.4", from what the program says of itself; null when it is not there. */
export async function versionOf(program: string, path: string): Promise<string | null> {
  const args = [program, program === 'openssl' ? 'version' : '--version']
  const said = await runChild({ command: '/usr/bin/env', args, env: { PATH: path } })
  if (said.code === 127) return null
  const line = [...said.stdout, said.stderr].find((one) => /\d\.\d/.test(one)) ?? ''
  const version = /\d+\.\d+\.\d+/.exec(line) ?? /\d+\.\d+/.exec(line)
  return `${program} ${version?.[0] ?? '(unknown version)'}`
}
