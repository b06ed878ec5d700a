import Link from 'next/link'
import { DeliveryMark, SeverityMark } from '#app/_ui/state.tsx'
import { When } from '#app/_ui/time.tsx'
import type { NotificationFieldsFragment } from '#graphql/documents/generated/graphql.ts'

/** What people were told, newest first, and whether it reached them. */
export function NotificationTable({ notifications }: { notifications: NotificationFieldsFragment[] }) {
  return (
    <table className="grid-table">
      <thead>
        <tr>
          <th scope="col">Notification</th>
          <th scope="col">Severity</th>
          <th scope="col">Reached</th>
          <th scope="col">Acknowledged</th>
          <th scope="col">When</th>
        </tr>
      </thead>
      <tbody>
        {notifications.map((notification) => (
          <tr key={notification.id}>
            <td className="lead">
              <Link
                href={`/notifications/${notification.id}`}
                className="font-medium text-accent underline-offset-2 hover:underline"
              >
                {notification.subject}
              </Link>
            </td>
            <td data-label="Severity">
              <SeverityMark severity={notification.severity} />
            </td>
            <td data-label="Reached">
              <Reached deliveries={notification.deliveries} />
            </td>
            <td data-label="Acknowledged">{notification.acknowledgedBy ?? '–'}</td>
            <td data-label="When">
              <When at={notification.createdAt} />
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  )
}

function Reached({ deliveries }: Pick<NotificationFieldsFragment, 'deliveries'>) {
  const sent = deliveries.filter(({ state }) => state === 'SENT').length
  const worst = (['FAILED', 'PENDING', 'SENT'] as const).find((state) => deliveries.some((one) => one.state === state))
  if (worst === undefined) return <span className="text-ink-soft">Nobody is to be told</span>
  return (
    <span className="inline-flex flex-wrap items-baseline gap-x-2">
      <DeliveryMark state={worst} />
      <span className="text-small text-ink-soft">
        {sent} of {deliveries.length}
      </span>
    </span>
  )
}
