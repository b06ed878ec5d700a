import { ShieldAlert } from 'lucide-react'
import Link from 'next/link'
import { bytes, typeNames } from '#app/_ui/format.ts'
import { ProgressBar, ProgressFigures } from '#app/_ui/progress.tsx'
import { StateMark, VerificationMark } from '#app/_ui/state.tsx'
import { Age, When } from '#app/_ui/time.tsx'
import type { SourcesQuery } from '#graphql/documents/generated/graphql.ts'

type Source = SourcesQuery['sources'][number]

/** The sources of one environment: the last good backup, its age and size, and what runs now. */
export function SourceRows({ sources }: { sources: Source[] }) {
  return (
    <table className="grid-table lg:table-fixed">
      <thead>
        <tr>
          <th scope="col" className="w-[20%]">
            Source
          </th>
          <th scope="col" className="w-[16%]">
            Last good backup
          </th>
          <th scope="col" className="figure w-[9%]">
            Age
          </th>
          <th scope="col" className="figure w-[9%]">
            Size
          </th>
          <th scope="col" className="w-[16%]">
            Last verified
          </th>
          <th scope="col">Now</th>
        </tr>
      </thead>
      <tbody>
        {sources.map((source) => (
          <Row key={source.id} source={source} />
        ))}
      </tbody>
    </table>
  )
}

function Row({ source }: { source: Source }) {
  const good = source.lastGoodRun
  return (
    <tr>
      <td className="lead">
        <div>
          <span className="font-medium">{source.name}</span>
          <span className="block text-small font-normal text-ink-soft">
            {typeNames[source.type]}, {source.kindTitle}
          </span>
        </div>
      </td>
      <td data-label="Last good backup">
        {good?.finishedAt ? (
          <Link href={`/backups/${good.backup.id}`} className="text-accent underline-offset-2 hover:underline">
            <When at={good.finishedAt} />
          </Link>
        ) : (
          <span className="inline-flex items-center gap-1.5 font-medium text-warn">
            <ShieldAlert aria-hidden className="size-4 shrink-0" />
            None yet
          </span>
        )}
      </td>
      <td data-label="Age" className="figure">
        <div>
          {good?.finishedAt ? <Age at={good.finishedAt} /> : '–'}
          {source.lateSince ? (
            <span className="block text-small font-medium text-warn" title="Older than it should become">
              Late
            </span>
          ) : null}
        </div>
      </td>
      <td data-label="Size" className="figure">
        {bytes(good?.progress.bytesDone)}
      </td>
      <td data-label="Last verified">
        <Verified source={source} />
      </td>
      <td data-label="Now" className="wide">
        <Now source={source} />
      </td>
    </tr>
  )
}

/** When a backup of it was last found right; and what the newest verification said, where that is something else. */
function Verified({ source: { lastVerified, lastVerification: last } }: { source: Source }) {
  const isBad = last !== null && last.result !== 'VERIFIED'
  return (
    <div>
      {lastVerified ? <When at={lastVerified} /> : <span className="text-ink-soft">Never</span>}
      {isBad ? (
        <Link href={`/verifications/${last.id}`} className="block text-small underline-offset-2 hover:underline">
          <VerificationMark state={last.state} result={last.result} />
        </Link>
      ) : null}
    </div>
  )
}

function Now({ source }: { source: Source }) {
  const active = source.activeRun
  if (active) {
    return (
      <div className="grid gap-1.5">
        <Link href={`/backups/${active.backup.id}`} className="justify-self-start underline-offset-2 hover:underline">
          <StateMark state={active.state} />
        </Link>
        {active.state === 'RUNNING' ? (
          <ProgressBar progress={active.progress} label={`Backup of ${source.name}`} />
        ) : null}
        <ProgressFigures progress={active.progress} state={active.state} waitsFor={active.waitsFor} />
      </div>
    )
  }
  const last = source.lastRun
  if (last && last.state !== 'SUCCEEDED') {
    return (
      <div>
        <Link
          href={`/backups/${last.backup.id}`}
          className="inline-flex flex-wrap items-center gap-x-2 underline-offset-2 hover:underline"
        >
          <span className="text-ink-soft">Last run</span>
          <StateMark state={last.state} />
        </Link>
        {last.error ? <p className="mt-0.5 text-small text-ink-soft">{last.error.remedy}</p> : null}
      </div>
    )
  }
  return <span className="text-ink-soft">{source.enabled ? 'Nothing runs' : 'Disabled'}</span>
}
