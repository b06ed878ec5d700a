'use client'

import { Check } from 'lucide-react'
import Link from 'next/link'
import { useParams } from 'next/navigation'
import { type NotificationDetail, useAcknowledge, useNotification } from '#app/_data/notifications.ts'
import { problemIn } from '#app/_data/problem.ts'
import { useViewer } from '#app/_data/viewer.ts'
import { BackLink } from '#app/_ui/back-link.tsx'
import { Button } from '#app/_ui/button.tsx'
import { asProblem, Notice, ProblemNotice } from '#app/_ui/notice.tsx'
import { Fact, Facts, PageHead, Panel } from '#app/_ui/panel.tsx'
import { SeverityMark } from '#app/_ui/state.tsx'
import { When } from '#app/_ui/time.tsx'
import { Answered } from '#app/_ui/waiting.tsx'
import { DeliveriesPanel } from './deliveries-panel.tsx'

export default function NotificationPage() {
  const { id } = useParams<{ id: string }>()
  const notification = useNotification(id)
  return (
    <>
      <title>Notification · System Backup Trigger</title>
      <BackLink href="/notifications">Notifications</BackLink>
      <Answered answer={notification} lines={6}>
        {(found) =>
          found ? (
            <Told notification={found} />
          ) : (
            <Notice tone="warn" title="There is no such notification.">
              It may belong to another installation.
            </Notice>
          )
        }
      </Answered>
    </>
  )
}

function Told({ notification }: { notification: NotificationDetail }) {
  const role = useViewer().data?.role
  const { content } = notification
  return (
    <>
      <PageHead
        title={notification.subject}
        intro={notification.eventTitle}
        actions={<Acknowledge notification={notification} mayDo={role === 'ADMIN' || role === 'OPERATOR'} />}
      />
      <Panel title="What was told">
        <Facts>
          <Fact name="Severity">
            <SeverityMark severity={notification.severity} />
          </Fact>
          <Fact name="When">
            <When at={notification.createdAt} />
          </Fact>
          {notification.acknowledgedAt ? (
            <Fact name="Acknowledged">
              {notification.acknowledgedBy}, <When at={notification.acknowledgedAt} />
            </Fact>
          ) : null}
          {content.facts.map(({ name, value }) => (
            <Fact key={name} name={name}>
              <span className="break-words">{value}</span>
            </Fact>
          ))}
        </Facts>
        <div data-tight className="mt-4 grid gap-3 empty:hidden">
          {content.problem ? <ProblemNotice problem={withCode(content.problem)} /> : null}
          {content.parts.map((part) => (
            <div key={part.name} className="border-t border-line pt-3">
              <p className="break-words">
                <strong className="font-semibold">{part.name}</strong> {part.state}
                {part.figures}
              </p>
              {part.causes.map(({ cause, remedy, evidence }) => (
                <Notice key={cause} tone="bad" title={cause}>
                  {remedy}
                  {evidence === '' ? null : (
                    <code className="mt-2 block font-mono text-label break-words">{evidence}</code>
                  )}
                </Notice>
              ))}
              {part.problem ? <ProblemNotice problem={withCode(part.problem)} /> : null}
            </div>
          ))}
          {content.lines.length > 0 ? (
            <ul className="list-disc pl-5">
              {content.lines.map((line) => (
                <li key={line} className="break-words">
                  {line}
                </li>
              ))}
            </ul>
          ) : null}
          {content.link.startsWith('http') ? (
            <p>
              <Link href={pathOf(content.link)} className="text-accent underline-offset-2 hover:underline">
                {content.linkText}
              </Link>
            </p>
          ) : null}
        </div>
      </Panel>
      <DeliveriesPanel notification={notification} mayResend={role === 'ADMIN'} />
    </>
  )
}

/** In this console, whatever its address was when the message was written. */
function pathOf(link: string): string {
  const { pathname, search } = new URL(link)
  return `${pathname}${search}`
}

const withCode = ({ code, ...problem }: { code: string | null; message: string; remedy: string }) => ({
  ...problem,
  code: code ?? '',
})

function Acknowledge({ notification, mayDo }: { notification: NotificationDetail; mayDo: boolean }) {
  const acknowledge = useAcknowledge()
  const problem = problemIn(acknowledge.data, acknowledge.error)
  if (notification.acknowledgedAt || notification.severity === 'INFO') return null
  return (
    <div className="grid gap-2">
      <Button
        look="main"
        disabled={!mayDo || acknowledge.isPending}
        onClick={() => acknowledge.mutate(notification.id)}
      >
        <Check aria-hidden className="size-4" />
        {acknowledge.isPending ? 'Saying so …' : 'I take care of it'}
      </Button>
      {problem ? <ProblemNotice problem={asProblem(problem)} /> : null}
    </div>
  )
}
