'use client'

import { Database } from 'lucide-react'
import Link from 'next/link'
import { useSearchParams } from 'next/navigation'
import { Suspense } from 'react'
import { useEnvironments, useSources } from '#app/_data/sources.ts'
import { useViewer } from '#app/_data/viewer.ts'
import { Notice } from '#app/_ui/notice.tsx'
import { PageHead, Panel } from '#app/_ui/panel.tsx'
import { Answered, Empty, Skeleton } from '#app/_ui/waiting.tsx'
import { TriggerForm } from './trigger-form.tsx'

export default function NewBackupPage() {
  return (
    <>
      <title>Back up now · System Backup Trigger</title>
      <PageHead title="Back up now" intro="Choose what to save. It starts at once, and you can watch it." />
      <Suspense fallback={<Skeleton lines={6} />}>
        <NewBackup />
      </Suspense>
    </>
  )
}

function NewBackup() {
  const asked = useSearchParams().get('environment')
  const environments = useEnvironments()
  const sources = useSources()
  const viewer = useViewer()
  return (
    <Answered answer={environments} lines={6}>
      {(environmentList) => (
        <Answered answer={sources} lines={6}>
          {(sourceList) =>
            sourceList.length === 0 ? (
              <Panel flush>
                <Empty Icon={Database} title="There is nothing to back up yet">
                  <Link href="/sources/new" className="text-accent underline">
                    Add a source
                  </Link>{' '}
                  first.
                </Empty>
              </Panel>
            ) : (
              <>
                {viewer.data?.role === 'VIEWER' ? (
                  <Notice tone="warn" title="Your role may not trigger a backup.">
                    Ask an administrator for the role Operator.
                  </Notice>
                ) : null}
                <TriggerForm environments={environmentList} sources={sourceList} asked={asked} />
              </>
            )
          }
        </Answered>
      )}
    </Answered>
  )
}
