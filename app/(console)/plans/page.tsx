'use client'

import { CalendarClock, Plus } from 'lucide-react'
import Link from 'next/link'
import { type PlanItem, usePlans } from '#app/_data/plans.ts'
import { useMayChange } from '#app/_data/viewer.ts'
import { ButtonLink } from '#app/_ui/button.tsx'
import { PageHead, Panel } from '#app/_ui/panel.tsx'
import { StateMark } from '#app/_ui/state.tsx'
import { When, WhenIn } from '#app/_ui/time.tsx'
import { Answered, Empty } from '#app/_ui/waiting.tsx'
import { sourcesInWords } from './sources-in-words.ts'

export default function PlansPage() {
  const plans = usePlans()
  const mayChange = useMayChange()
  return (
    <>
      <title>Plans · System Backup Trigger</title>
      <PageHead
        title="Plans"
        intro="What is backed up by itself, and when: a selection of sources with a schedule."
        actions={
          mayChange ? (
            <ButtonLink href="/plans/new" look="main">
              <Plus aria-hidden className="size-4" /> New plan
            </ButtonLink>
          ) : null
        }
      />
      <Panel flush>
        <Answered answer={plans}>
          {(list) =>
            list.length === 0 ? (
              <Empty Icon={CalendarClock} title="Nothing is backed up by itself yet">
                Make a plan: which sources, and when.
              </Empty>
            ) : (
              <table className="grid-table">
                <thead>
                  <tr>
                    <th scope="col">Plan</th>
                    <th scope="col">Sources</th>
                    <th scope="col">When</th>
                    <th scope="col">Next</th>
                    <th scope="col">Last backup</th>
                  </tr>
                </thead>
                <tbody>
                  {list.map((plan) => (
                    <Row key={plan.id} plan={plan} />
                  ))}
                </tbody>
              </table>
            )
          }
        </Answered>
      </Panel>
    </>
  )
}

function Row({ plan }: { plan: PlanItem }) {
  return (
    <tr>
      <td className="lead">
        <Link href={`/plans/${plan.id}`} className="font-medium text-accent underline-offset-2 hover:underline">
          {plan.name}
        </Link>
      </td>
      <td data-label="Sources">
        {plan.sources.length === 0 ? (
          <span className="font-medium text-warn">None: it starts nothing</span>
        ) : (
          sourcesInWords(plan.sources)
        )}
      </td>
      <td data-label="When">
        <div>
          {plan.scheduleInWords ?? 'By hand only'}
          {plan.schedule ? <span className="block text-small text-ink-soft">{plan.timeZone}</span> : null}
        </div>
      </td>
      <td data-label="Next">
        {plan.isPaused ? (
          <span className="font-medium text-warn">Paused</span>
        ) : plan.dueAt ? (
          <WhenIn at={plan.dueAt} timeZone={plan.timeZone} />
        ) : (
          '–'
        )}
      </td>
      <td data-label="Last backup">
        {plan.lastBackup ? (
          <div>
            <Link href={`/backups/${plan.lastBackup.id}`} className="text-accent underline-offset-2 hover:underline">
              <When at={plan.lastBackup.createdAt} />
            </Link>
            <span className="block">
              <StateMark state={plan.lastBackup.state} />
            </span>
          </div>
        ) : (
          'None yet'
        )}
      </td>
    </tr>
  )
}
