'use client'

import { useState } from 'react'
import type { Problem } from '#app/_data/problem.ts'
import { problemIn } from '#app/_data/problem.ts'
import { type RepositoryDetail, useRepositoryKinds, useRepositorySettings } from '#app/_data/repositories.ts'
import { useUpdateRepository } from '#app/_data/repository-changes.ts'
import { useViewer } from '#app/_data/viewer.ts'
import { Notice } from '#app/_ui/notice.tsx'
import { Answered } from '#app/_ui/waiting.tsx'
import type { UpdateRepositoryInput } from '#graphql/documents/generated/graphql.ts'
import { useShownRepository } from '../shown.ts'
import { ChangePassword } from './change-password.tsx'
import { CopyTarget } from './copy-target.tsx'
import { EditOptions } from './edit-options.tsx'
import { EditPlace } from './edit-place.tsx'

export default function SettingsPage() {
  const repository = useShownRepository()
  const viewer = useViewer()
  if (!repository) return null
  if (viewer.data && viewer.data.role !== 'ADMIN')
    return (
      <Notice tone="warn" title="Your role may not change repositories.">
        Ask an administrator to change it.
      </Notice>
    )
  return <Settings repository={repository} />
}

/** Both forms; after each change they begin anew from what is stored, so that no typed secret stays in the page. */
function Settings({ repository }: { repository: RepositoryDetail }) {
  const settings = useRepositorySettings(repository.id)
  const kinds = useRepositoryKinds()
  const update = useUpdateRepository(repository.id)
  const [saved, setSaved] = useState(0)

  async function save(change: Omit<UpdateRepositoryInput, 'id'>): Promise<Problem | null> {
    try {
      const problem = problemIn(await update.mutateAsync(change), null)
      if (problem === null) setSaved(saved + 1)
      return problem
    } catch (error) {
      return problemIn(undefined, error)
    }
  }

  return (
    <Answered answer={settings} lines={8}>
      {(stored) => (
        <Answered answer={kinds} lines={8}>
          {(list) => (
            <div className="max-w-3xl">
              <div aria-live="polite" className="max-w-3xl empty:hidden">
                {saved > 0 && update.isSuccess ? <Notice tone="good" title="The changes are saved." /> : null}
              </div>
              <EditOptions key={`options-${saved}`} stored={stored} save={save} />
              <CopyTarget repository={repository} />
              <ChangePassword repository={repository} />
              <EditPlace
                key={`place-${saved}`}
                repository={repository}
                kind={list.find((one) => one.kind === repository.kind)}
                stored={stored}
                save={save}
              />
            </div>
          )}
        </Answered>
      )}
    </Answered>
  )
}
