import { DeliveryMark } from '#app/_ui/state.tsx'
import { When } from '#app/_ui/time.tsx'
import type { DeliveryFieldsFragment } from '#graphql/documents/generated/graphql.ts'

export function DeliveryTable({ deliveries }: { deliveries: DeliveryFieldsFragment[] }) {
  return (
    <table className="grid-table">
      <thead>
        <tr>
          <th scope="col">Subject</th>
          <th scope="col">State</th>
          <th scope="col">Recipient</th>
          <th scope="col">Channel</th>
          <th scope="col" className="figure">
            Attempts
          </th>
          <th scope="col">Made</th>
          <th scope="col">Sent</th>
        </tr>
      </thead>
      <tbody>
        {deliveries.map((delivery) => (
          <tr key={delivery.id}>
            <td className="lead">
              <div>
                {delivery.subject}
                {delivery.error ? <p className="mt-0.5 text-small font-normal text-bad">{delivery.error}</p> : null}
              </div>
            </td>
            <td data-label="State">
              <DeliveryMark state={delivery.state} />
            </td>
            <td data-label="Recipient">{delivery.recipient}</td>
            <td data-label="Channel">{delivery.channel}</td>
            <td data-label="Attempts" className="figure">
              {delivery.attempts}
            </td>
            <td data-label="Made">
              <When at={delivery.createdAt} />
            </td>
            <td data-label="Sent">{delivery.sentAt ? <When at={delivery.sentAt} /> : '–'}</td>
          </tr>
        ))}
      </tbody>
    </table>
  )
}
