import { Mail } from 'lucide-react'
import { type BackupDetail, isActive } from '#app/_data/backup.ts'
import { NotificationTable } from '#app/_ui/notification-table.tsx'
import { Panel } from '#app/_ui/panel.tsx'
import { Empty } from '#app/_ui/waiting.tsx'

export function Notifications({ backup }: { backup: BackupDetail }) {
  return (
    <Panel title="Notifications" flush>
      {backup.notifications.length > 0 ? (
        <NotificationTable notifications={backup.notifications} />
      ) : (
        <Empty
          Icon={Mail}
          title={isActive(backup.state) ? 'Messages go out when the backup ends' : 'Nobody was told about this backup'}
        >
          {isActive(backup.state)
            ? null
            : 'Check on the page Notifications that mail has recipients, or that there is a channel.'}
        </Empty>
      )}
    </Panel>
  )
}
