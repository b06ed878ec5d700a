import Link from 'next/link'
import type { PlanDetail } from '#app/_data/plans.ts'
import { useRetentionPreview } from '#app/_data/retention.ts'
import { bytes, runName } from '#app/_ui/format.ts'
import { asProblem, ProblemNotice } from '#app/_ui/notice.tsx'
import { Panel } from '#app/_ui/panel.tsx'
import { When } from '#app/_ui/time.tsx'
import { Answered } from '#app/_ui/waiting.tsx'
import { type Kept, keptKinds } from '../draft.ts'

const words: Record<Kept, (many: number) => string> = {
  days: (many) => `all of the last ${many} days`,
  last: (many) => `the last ${many}`,
  hourly: (many) => `one an hour of ${many} hours`,
  daily: (many) => `one a day of ${many} days`,
  weekly: (many) => `one a week of ${many} weeks`,
  monthly: (many) => `one a month of ${many} months`,
  yearly: (many) => `one a year of ${many} years`,
}

/** The rule of a plan in words, and what it does to the snapshots that are there. */
export function Retention({ plan }: { plan: PlanDetail }) {
  const preview = useRetentionPreview(plan.id)
  const rule = plan.retention as Record<Kept, number>
  const kept = keptKinds.filter((kind) => rule[kind] > 0).map((kind) => words[kind](rule[kind]))
  return (
    <Panel title="What is kept">
      <p>{kept.join('; ')}</p>
      <Answered answer={preview} lines={2}>
        {(found) => {
          if (found.__typename === 'Problem') return <ProblemNotice problem={asProblem(found)} />
          if (found.runs.length === 0) return <p className="mt-2 text-ink-soft">It has no snapshots yet.</p>
          return (
            <>
              <p className="mt-2 text-ink-soft">
                {found.staying} of its snapshots stay
                {found.going === 0
                  ? '; none is to go.'
                  : `, ${found.going} are to go: about ${bytes(found.goingBytes)} with the next prune.`}
              </p>
              <details className="mt-2">
                <summary className="cursor-pointer text-small">Which, and why</summary>
                <ul className="mt-2 grid gap-1 text-small">
                  {found.runs.map(({ run, reasons }) => (
                    <li key={run.id}>
                      <Link
                        href={`/backups/${run.backup.id}`}
                        className="text-accent underline-offset-2 hover:underline"
                      >
                        {run.finishedAt ? <When at={run.finishedAt} /> : 'not ended'}
                      </Link>{' '}
                      {runName(run)}:{' '}
                      {reasons.length === 0 ? (
                        <span className="font-medium text-warn">is to go</span>
                      ) : (
                        <span className="text-ink-soft">{reasons.join(', ')}</span>
                      )}
                    </li>
                  ))}
                </ul>
              </details>
            </>
          )
        }}
      </Answered>
    </Panel>
  )
}
