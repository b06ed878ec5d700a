import type { Change, Diff } from './configuration-documents.ts'
import { printable } from './format.ts'

const MARKS = { CREATE: '+', UPDATE: '~', DELETE: '-' } as const
const COLOURS = { CREATE: 32, UPDATE: 33, DELETE: 31 } as const

/** The changes as lines: a sign before each, so that nothing is said by colour alone. */
export function diffLines({ changes, left, incomplete }: Diff, colour: boolean): string[] {
  return [
    ...changes.flatMap((change) => changeLines(change, colour)),
    ...left.map(({ kind, name, reason }) => printable(`  ${kind} “${name}” stays: ${reason}`)),
    ...incomplete.map(({ name, missing }) =>
      printable(
        `! source “${name}” is disabled until its settings are entered${missing.length > 0 ? `: ${missing.join(', ')}` : ''}`,
      ),
    ),
    ...(changes.length === 0 ? ['Nothing to change.'] : [countLine(changes)]),
  ]
}

function changeLines({ action, kind, name, fields }: Change, colour: boolean): string[] {
  const head = printable(`${MARKS[action]} ${kind} “${name}”`)
  const about = fields.map(({ path, from, to }) => {
    const value = (text: string | null) => (text === null ? '(none)' : shown(text))
    return printable(action === 'CREATE' ? `    ${path}: ${value(to)}` : `    ${path}: ${value(from)} → ${value(to)}`)
  })
  return [colour ? `\x1b[${COLOURS[action]}m${head}\x1b[0m` : head, ...about]
}

/** Marks in the place of secrets, also within a list, as words. */
const shown = (json: string): string =>
  json.replaceAll('{"secret":"kept"}', '(secret)').replaceAll('{"secret":"another"}', '(another secret)')

function countLine(changes: Change[]): string {
  const many = (action: Change['action']) => changes.filter((change) => change.action === action).length
  return `${many('CREATE')} to add, ${many('UPDATE')} to change, ${many('DELETE')} to delete.`
}
