import { Mail } from 'lucide-react'
import { type BackupDetail, isActive } from '#app/_data/backup.ts'
import { DeliveryTable } from '#app/_ui/delivery-table.tsx'
import { Panel } from '#app/_ui/panel.tsx'
import { Empty } from '#app/_ui/waiting.tsx'

export function Deliveries({ backup }: { backup: BackupDetail }) {
  return (
    <Panel title="Deliveries" flush>
      {backup.deliveries.length > 0 ? (
        <DeliveryTable deliveries={backup.deliveries} />
      ) : (
        <Empty
          Icon={Mail}
          title={isActive(backup.state) ? 'Messages go out when the backup ends' : 'Nobody was told about this backup'}
        >
          {isActive(backup.state)
            ? null
            : 'Check on the page Notifications that mail is configured and has recipients.'}
        </Empty>
      )}
    </Panel>
  )
}
