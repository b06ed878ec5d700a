'use client'

import { Database } from 'lucide-react'
import { useParams } from 'next/navigation'
import { useSource, useSourceKinds } from '#app/_data/source-changes.ts'
import { useViewer } from '#app/_data/viewer.ts'
import { ButtonLink } from '#app/_ui/button.tsx'
import { Notice } from '#app/_ui/notice.tsx'
import { Panel } from '#app/_ui/panel.tsx'
import { Answered, Empty } from '#app/_ui/waiting.tsx'
import { EditSource } from './edit-source.tsx'

export default function SourcePage() {
  const { id } = useParams<{ id: string }>()
  const viewer = useViewer()
  if (viewer.data && viewer.data.role !== 'ADMIN')
    return (
      <Notice tone="warn" title="Your role may not change sources.">
        <title>Source · System Backup Trigger</title>
        Ask an administrator to change it.
      </Notice>
    )
  return <Loaded id={id} />
}

function Loaded({ id }: { id: string }) {
  const source = useSource(id)
  const kinds = useSourceKinds()
  return (
    <Answered answer={source} lines={8}>
      {(found) =>
        found === null ? (
          <Panel flush>
            <title>Source not found · System Backup Trigger</title>
            <Empty Icon={Database} title="There is no such source">
              <p className="mb-4">It may have been deleted. Its backups are still in the history.</p>
              <ButtonLink href="/sources">To the sources</ButtonLink>
            </Empty>
          </Panel>
        ) : (
          <Answered answer={kinds} lines={8}>
            {(list) => <EditSource source={found} kind={list.find((one) => one.kind === found.kind)} />}
          </Answered>
        )
      }
    </Answered>
  )
}
