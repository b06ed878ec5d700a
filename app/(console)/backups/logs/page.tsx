'use client'

import { Search, SearchX } from 'lucide-react'
import Link from 'next/link'
import { type FormEvent, useState } from 'react'
import { type FoundLine, useLogSearch } from '#app/_data/log-search.ts'
import { useSources } from '#app/_data/sources.ts'
import { BackLink } from '#app/_ui/back-link.tsx'
import { Button, ButtonLink } from '#app/_ui/button.tsx'
import { Field, Input, Select } from '#app/_ui/field.tsx'
import { PageHead, Panel } from '#app/_ui/panel.tsx'
import { When } from '#app/_ui/time.tsx'
import { Answered, Empty } from '#app/_ui/waiting.tsx'
import type { LogFilter, LogLevel } from '#graphql/documents/generated/graphql.ts'

const MOST = 200
const HOUR_MS = 3_600_000
const TIMES = [
  [0, 'Ever'],
  [1, 'The last hour'],
  [24, 'The last day'],
  [168, 'The last week'],
  [720, 'The last 30 days'],
] as const
const tones: Record<LogLevel, string> = {
  DEBUG: 'text-ink-soft',
  INFO: 'text-ink-soft',
  WARNING: 'text-warn',
  ERROR: 'text-bad',
}

export default function LogSearchPage() {
  const [filter, setFilter] = useState<LogFilter>({ level: 'WARNING' })
  const [follow, setFollow] = useState(false)
  const lines = useLogSearch(filter, follow)
  return (
    <>
      <title>Search the logs · System Backup Trigger</title>
      <BackLink href="/backups">Backups</BackLink>
      <PageHead
        title="Search the logs"
        intro="Lines of the logs of all backups, newest first."
        actions={<ButtonLink href="/backups/logs/rules">Rules for logs</ButtonLink>}
      />
      <Panel title="What to look for">
        <Filters filter={filter} onSearch={setFilter} />
      </Panel>
      <Panel
        title="Lines"
        flush
        aside={
          <label className="flex items-center gap-2 text-small">
            <input type="checkbox" checked={follow} onChange={(event) => setFollow(event.target.checked)} />
            Follow: show new lines as they come
          </label>
        }
      >
        <Answered answer={lines} lines={8}>
          {(found) =>
            found.length === 0 ? (
              <Empty Icon={SearchX} title="No line says that">
                Try fewer words, or a lower level.
              </Empty>
            ) : (
              <Lines lines={found} />
            )
          }
        </Answered>
      </Panel>
    </>
  )
}

function Filters({ filter, onSearch }: { filter: LogFilter; onSearch: (filter: LogFilter) => void }) {
  const sources = useSources().data ?? []
  const [text, setText] = useState(filter.text ?? '')
  const [level, setLevel] = useState<LogLevel>(filter.level ?? 'WARNING')
  const [sourceId, setSourceId] = useState('')
  const [hours, setHours] = useState(0)

  function submit(event: FormEvent): void {
    event.preventDefault()
    onSearch({
      level,
      ...(text.trim() === '' ? {} : { text }),
      ...(sourceId === '' ? {} : { sourceId }),
      ...(hours === 0 ? {} : { from: new Date(Date.now() - hours * HOUR_MS).toISOString() }),
    })
  }
  return (
    <form onSubmit={submit} className="grid gap-4 sm:grid-cols-2 sm:items-start lg:grid-cols-[2fr_1fr_1fr_1fr_auto]">
      <Field label="Words" htmlFor="text" hint="All of them; “a phrase” in quotes, or, and -not.">
        <Input
          id="text"
          type="search"
          maxLength={200}
          aria-describedby="text-hint"
          value={text}
          onChange={(event) => setText(event.target.value)}
        />
      </Field>
      <Field label="From which level on" htmlFor="level">
        <Select id="level" value={level} onChange={(event) => setLevel(event.target.value as LogLevel)}>
          {Object.keys(tones).map((one) => (
            <option key={one}>{one}</option>
          ))}
        </Select>
      </Field>
      <Field label="Source" htmlFor="source">
        <Select id="source" value={sourceId} onChange={(event) => setSourceId(event.target.value)}>
          <option value="">All</option>
          {sources.map(({ id, name, environment }) => (
            <option key={id} value={id}>
              {environment.name}: {name}
            </option>
          ))}
        </Select>
      </Field>
      <Field label="When" htmlFor="when">
        <Select id="when" value={hours} onChange={(event) => setHours(Number(event.target.value))}>
          {TIMES.map(([value, words]) => (
            <option key={value} value={value}>
              {words}
            </option>
          ))}
        </Select>
      </Field>
      <Button type="submit" look="main" className="lg:mt-6.5">
        <Search aria-hidden className="size-4" />
        Search
      </Button>
    </form>
  )
}

function Lines({ lines }: { lines: FoundLine[] }) {
  return (
    <>
      <table className="grid-table">
        <thead>
          <tr>
            <th scope="col">Line</th>
            <th scope="col">Level</th>
            <th scope="col">Source</th>
            <th scope="col">When</th>
          </tr>
        </thead>
        <tbody>
          {lines.map((line) => (
            <tr key={`${line.backupId} ${line.seq}`}>
              <td className="lead">
                <span className="font-mono text-label font-normal break-words whitespace-pre-wrap">{line.message}</span>
              </td>
              <td data-label="Level" className={tones[line.level]}>
                {line.level}
              </td>
              <td data-label="Source">{line.source?.name ?? '–'}</td>
              <td data-label="When">
                <Link
                  href={`/backups/${line.backupId}`}
                  aria-label={`Open the backup of this line`}
                  className="text-accent underline-offset-2 hover:underline"
                >
                  <When at={line.at} />
                </Link>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      {lines.length < MOST ? null : (
        <p className="border-t border-line px-4 py-2.5 text-small text-ink-soft">
          These are the newest {MOST}; older ones may say the same. More words find fewer.
        </p>
      )}
    </>
  )
}
