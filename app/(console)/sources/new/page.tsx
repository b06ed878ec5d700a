'use client'

import { useSourceKinds } from '#app/_data/source-changes.ts'
import { useEnvironments } from '#app/_data/sources.ts'
import { useViewer } from '#app/_data/viewer.ts'
import { Notice } from '#app/_ui/notice.tsx'
import { PageHead } from '#app/_ui/panel.tsx'
import { Answered } from '#app/_ui/waiting.tsx'
import { NewSource } from './new-source.tsx'

export default function NewSourcePage() {
  const environments = useEnvironments()
  const kinds = useSourceKinds()
  const viewer = useViewer()
  return (
    <>
      <title>Add a source · System Backup Trigger</title>
      <PageHead
        title="Add a source"
        intro="The server looks at it before it is kept, so that the first backup holds no surprise."
      />
      {viewer.data && viewer.data.role !== 'ADMIN' ? (
        <Notice tone="warn" title="Your role may not add a source.">
          Ask an administrator to add it.
        </Notice>
      ) : (
        <Answered answer={environments} lines={6}>
          {(places) => (
            <Answered answer={kinds} lines={6}>
              {(list) => <NewSource environments={places} kinds={list} />}
            </Answered>
          )}
        </Answered>
      )}
    </>
  )
}
