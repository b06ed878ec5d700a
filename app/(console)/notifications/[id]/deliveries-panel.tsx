import { MailX } from 'lucide-react'
import { type NotificationDetail, useResend } from '#app/_data/notifications.ts'
import { problemIn } from '#app/_data/problem.ts'
import { Button } from '#app/_ui/button.tsx'
import { asProblem, ProblemNotice } from '#app/_ui/notice.tsx'
import { Panel } from '#app/_ui/panel.tsx'
import { DeliveryMark } from '#app/_ui/state.tsx'
import { When } from '#app/_ui/time.tsx'
import { Empty } from '#app/_ui/waiting.tsx'

interface Props {
  notification: NotificationDetail
  mayResend: boolean
}

/** To whom it went, and what became of it there. */
export function DeliveriesPanel({ notification: { deliveries }, mayResend }: Props) {
  const resend = useResend()
  const problem = problemIn(resend.data, resend.error)
  return (
    <Panel title="Deliveries" flush>
      {problem ? (
        <div className="p-4">
          <ProblemNotice problem={asProblem(problem)} />
        </div>
      ) : null}
      {deliveries.length === 0 ? (
        <Empty Icon={MailX} title="Nobody was to be told">
          No recipient and no channel takes messages of this kind.
        </Empty>
      ) : (
        <table className="grid-table">
          <thead>
            <tr>
              <th scope="col">Recipient</th>
              <th scope="col">Channel</th>
              <th scope="col">State</th>
              <th scope="col" className="figure">
                Attempts
              </th>
              <th scope="col">Sent</th>
              <th scope="col">
                <span className="sr-only">Send again</span>
              </th>
            </tr>
          </thead>
          <tbody>
            {deliveries.map((delivery) => (
              <tr key={delivery.id}>
                <td className="lead">
                  <div>
                    {delivery.recipient}
                    {delivery.error ? <p className="mt-0.5 text-small font-normal text-bad">{delivery.error}</p> : null}
                  </div>
                </td>
                <td data-label="Channel">{delivery.channel}</td>
                <td data-label="State">
                  <div>
                    <DeliveryMark state={delivery.state} />
                    {delivery.isGrouped ? (
                      <span className="block text-small text-ink-soft">in one message with others</span>
                    ) : null}
                    {delivery.state === 'PENDING' && delivery.notBefore ? (
                      <span className="block text-small text-ink-soft">
                        waits until <When at={delivery.notBefore} />
                      </span>
                    ) : null}
                  </div>
                </td>
                <td data-label="Attempts" className="figure">
                  {delivery.attempts}
                </td>
                <td data-label="Sent">{delivery.sentAt ? <When at={delivery.sentAt} /> : '–'}</td>
                <td>
                  {mayResend && delivery.state !== 'PENDING' ? (
                    <Button
                      size="small"
                      disabled={resend.isPending}
                      aria-label={`Send again to ${delivery.recipient}`}
                      onClick={() => resend.mutate(delivery.id)}
                    >
                      Send again
                    </Button>
                  ) : null}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </Panel>
  )
}
