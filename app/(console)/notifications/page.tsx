'use client'

import { BellOff, Send } from 'lucide-react'
import { useNotificationSettings, useNotifications, useSendTestMail } from '#app/_data/notifications.ts'
import { useViewer } from '#app/_data/viewer.ts'
import { Button } from '#app/_ui/button.tsx'
import { asProblem, Notice, ProblemNotice } from '#app/_ui/notice.tsx'
import { NotificationTable } from '#app/_ui/notification-table.tsx'
import { PageHead, Panel } from '#app/_ui/panel.tsx'
import { Answered, Empty } from '#app/_ui/waiting.tsx'
import { ChannelsPanel } from './channels-panel.tsx'
import { RecipientsForm } from './recipients-form.tsx'

export default function NotificationsPage() {
  const settings = useNotificationSettings()
  const notifications = useNotifications()
  const viewer = useViewer()
  const readOnly = viewer.data?.role === 'VIEWER'
  return (
    <>
      <title>Notifications · System Backup Trigger</title>
      <PageHead title="Notifications" intro="Who is told of what, and whether the message got through." />
      <Answered answer={settings}>
        {(current) => (
          <>
            {current.mailConfigured ? null : <NotConfigured />}
            {current.enabled ? null : (
              <Notice tone="warn" title="Notifications are switched off.">
                Set <code className="font-mono">notification_enabled</code> to true to be told again.
              </Notice>
            )}
            <div className="grid items-start gap-x-5 xl:grid-cols-[3fr_2fr]">
              <Panel title="Recipients of mail">
                <RecipientsForm recipients={current.recipients} readOnly={readOnly} />
              </Panel>
              <Panel title="Test">
                <TestMail from={current.mailFrom} possible={current.mailConfigured && !readOnly} />
              </Panel>
            </div>
          </>
        )}
      </Answered>
      <ChannelsPanel mayChange={viewer.data?.role === 'ADMIN'} />
      <Panel title="What was told" flush>
        <Answered answer={notifications}>
          {(list) =>
            list.length === 0 ? (
              <Empty Icon={BellOff} title="Nothing has been told yet">
                A notification appears here when a backup ends or when you send a test.
              </Empty>
            ) : (
              <NotificationTable notifications={list} />
            )
          }
        </Answered>
      </Panel>
    </>
  )
}

function NotConfigured() {
  return (
    <Notice tone="warn" title="Mail is not configured: no mail can be sent.">
      <p>Set both variables where the server is started, and start it again:</p>
      <pre className="mt-2 overflow-x-auto rounded-control border border-line bg-sheet px-3 py-2 font-mono text-label leading-5">
        {'SMTP_URL=smtps://user:password@mail.example.org\nMAIL_FROM=backups@example.org'}
      </pre>
    </Notice>
  )
}

function TestMail({ from, possible }: { from: string | null; possible: boolean }) {
  const test = useSendTestMail()
  return (
    <div data-tight className="grid justify-items-start gap-3">
      <p className="text-ink-soft">
        {from ? (
          <>
            Messages come from <span className="text-ink">{from}</span>. A test goes to every recipient.
          </>
        ) : (
          'A test goes to every recipient, once mail is configured.'
        )}
      </p>
      <Button disabled={!possible || test.isPending} onClick={() => test.mutate()}>
        <Send aria-hidden className="size-4" />
        {test.isPending ? 'Sending …' : 'Send a test'}
      </Button>
      <div aria-live="polite" className="w-full empty:hidden">
        {test.data?.__typename === 'SendTestMailSuccess' ? (
          <Notice tone="good" title={`Test handed over for ${test.data.deliveries.length} recipients.`}>
            What became of it is in the list below.
          </Notice>
        ) : null}
        {test.data?.__typename === 'Problem' ? <ProblemNotice problem={test.data} /> : null}
        {test.error ? <ProblemNotice problem={asProblem(test.error)} /> : null}
      </div>
    </div>
  )
}
