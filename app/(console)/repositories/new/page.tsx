'use client'

import { useRepositoryKinds } from '#app/_data/repositories.ts'
import { useViewer } from '#app/_data/viewer.ts'
import { Notice } from '#app/_ui/notice.tsx'
import { PageHead } from '#app/_ui/panel.tsx'
import { Answered } from '#app/_ui/waiting.tsx'
import { NewRepository } from './new-repository.tsx'

export default function NewRepositoryPage() {
  const kinds = useRepositoryKinds()
  const viewer = useViewer()
  return (
    <>
      <title>New repository · System Backup Trigger</title>
      <PageHead
        title="New repository"
        intro="A place for snapshots. What lies on the disk that it protects is lost with it, so put it elsewhere."
      />
      {viewer.data && viewer.data.role !== 'ADMIN' ? (
        <Notice tone="warn" title="Your role may not add a repository.">
          Ask an administrator to add it.
        </Notice>
      ) : (
        <Answered answer={kinds} lines={6}>
          {(list) => <NewRepository kinds={list} />}
        </Answered>
      )}
    </>
  )
}
