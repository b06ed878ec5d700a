'use client'

import { ArrowDownToLine } from 'lucide-react'
import { useLayoutEffect, useRef, useState } from 'react'
import { Button } from '#app/_ui/button.tsx'
import { clockTime } from '#app/_ui/format.ts'
import { stateLooks } from '#app/_ui/state.tsx'
import type { LogLevel, RestoreEventFieldsFragment } from '#graphql/documents/generated/graphql.ts'

const levels: LogLevel[] = ['DEBUG', 'INFO', 'WARNING', 'ERROR']
const levelTones: Record<LogLevel, string> = {
  DEBUG: 'text-ink-soft',
  INFO: 'text-ink-soft',
  WARNING: 'text-warn',
  ERROR: 'text-bad',
}
/** A change of state has no level of its own; one that went wrong must not hide among the quiet lines. */
function levelOf({ level, state }: LogLine): LogLevel {
  if (level) return level
  if (state === 'FAILED') return 'ERROR'
  return state === 'PARTIAL' || state === 'INTERRUPTED' ? 'WARNING' : 'INFO'
}

const SHOWN_LINES = 2_000
const NEAR_END_PX = 24

type LogLine = RestoreEventFieldsFragment & { runId?: string | null }

interface LogViewProps {
  lines: LogLine[]
  /** Of a backup, the name to put before the lines of a run; null for lines about the backup itself. */
  nameOf?: (runId: string | null) => string | null
}

/** The log, following its end until the reader scrolls up. */
export function LogView({ lines, nameOf = () => null }: LogViewProps) {
  const [least, setLeast] = useState<LogLevel>('INFO')
  const [following, setFollowing] = useState(true)
  const box = useRef<HTMLDivElement>(null)

  const wanted = lines.filter((line) => levels.indexOf(levelOf(line)) >= levels.indexOf(least))
  const shown = wanted.slice(-SHOWN_LINES)
  const lastSeq = shown.at(-1)?.seq

  // biome-ignore lint/correctness/useExhaustiveDependencies: the last line's number says when there is something new
  useLayoutEffect(() => {
    if (following && box.current) box.current.scrollTop = box.current.scrollHeight
  }, [following, lastSeq])

  function onScroll(): void {
    const element = box.current
    if (!element) return
    setFollowing(element.scrollHeight - element.scrollTop - element.clientHeight < NEAR_END_PX)
  }

  return (
    <div className="relative">
      <div className="flex flex-wrap items-center gap-3 border-b border-line px-4 py-2 text-small">
        <label htmlFor="log-level" className="text-ink-soft">
          Show from
        </label>
        <select
          id="log-level"
          value={least}
          onChange={(event) => setLeast(event.target.value as LogLevel)}
          className="h-8 rounded-control border border-line-strong bg-sheet px-2"
        >
          {levels.map((level) => (
            <option key={level}>{level}</option>
          ))}
        </select>
        <span className="ms-auto text-ink-soft">
          {shown.length < wanted.length ? `last ${shown.length} of ${wanted.length}` : wanted.length} lines
        </span>
      </div>
      <section
        ref={box}
        onScroll={onScroll}
        aria-label="Log lines"
        // biome-ignore lint/a11y/noNoninteractiveTabindex: a box that scrolls must be reachable by keyboard
        tabIndex={0}
        className="max-h-80 min-h-32 overflow-y-auto overscroll-contain bg-well px-4 py-2 font-mono text-label leading-5 focus-visible:-outline-offset-2 lg:max-h-96"
      >
        {shown.length === 0 ? <p className="py-4 font-sans text-small text-ink-soft">No lines yet.</p> : null}
        <ol>
          {shown.map((line) => (
            <Line key={line.seq} line={line} name={nameOf(line.runId ?? null)} />
          ))}
        </ol>
      </section>
      {following ? null : (
        <Button
          size="small"
          look="main"
          className="absolute right-6 bottom-3"
          onClick={() => {
            setFollowing(true)
          }}
        >
          <ArrowDownToLine aria-hidden className="size-4" />
          Follow the end
        </Button>
      )}
    </div>
  )
}

function Line({ line, name }: { line: LogLine; name: string | null }) {
  const level = levelOf(line)
  const text = line.message ?? (line.state ? stateLooks[line.state].word : '')
  return (
    <li className="grid grid-cols-[4.5rem_4.5rem_minmax(0,1fr)] gap-x-2 max-sm:grid-cols-[4.25rem_minmax(0,1fr)]">
      <time dateTime={line.at} className="text-ink-soft">
        {clockTime(line.at)}
      </time>
      <span className={`${levelTones[level]} max-sm:col-start-2`}>{level}</span>
      <span className="whitespace-pre-wrap max-sm:col-span-2 max-sm:col-start-1 max-sm:mb-1.5">
        {name ? <span className="text-ink-soft">{name}: </span> : null}
        <span className={line.kind === 'STATE' ? 'font-semibold' : ''}>{text}</span>
      </span>
    </li>
  )
}
