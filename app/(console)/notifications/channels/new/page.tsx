'use client'

import { useChannelForm } from '#app/_data/channels.ts'
import { useViewer } from '#app/_data/viewer.ts'
import { BackLink } from '#app/_ui/back-link.tsx'
import { Notice } from '#app/_ui/notice.tsx'
import { PageHead } from '#app/_ui/panel.tsx'
import { Answered } from '#app/_ui/waiting.tsx'
import { ChannelEditor } from '../channel-editor.tsx'

export default function NewChannelPage() {
  const form = useChannelForm()
  const viewer = useViewer()
  return (
    <>
      <title>New channel · System Backup Trigger</title>
      <BackLink href="/notifications">Notifications</BackLink>
      <PageHead title="New channel" intro="Another way to tell people, and what goes through it." />
      {viewer.data && viewer.data.role !== 'ADMIN' ? (
        <Notice tone="warn" title="Your role may not add a channel.">
          Ask an administrator to add it.
        </Notice>
      ) : (
        <Answered answer={form} lines={6}>
          {(found) => <ChannelEditor form={found} channel={null} />}
        </Answered>
      )}
    </>
  )
}
