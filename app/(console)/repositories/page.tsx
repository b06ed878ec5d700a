'use client'

import { HardDrive, Plus } from 'lucide-react'
import { useRepositories } from '#app/_data/repositories.ts'
import { useMayChange } from '#app/_data/viewer.ts'
import { ButtonLink } from '#app/_ui/button.tsx'
import { KitBanner } from '#app/_ui/kit-banner.tsx'
import { PageHead, Panel } from '#app/_ui/panel.tsx'
import { Answered, Empty } from '#app/_ui/waiting.tsx'
import { RepositoryTable } from './repository-table.tsx'

export default function RepositoriesPage() {
  const repositories = useRepositories()
  const mayChange = useMayChange()
  return (
    <>
      <title>Repositories · System Backup Trigger</title>
      <PageHead
        title="Repositories"
        intro="Where snapshots go. Each is a restic repository, which restic can also read without this tool."
        actions={
          mayChange ? (
            <ButtonLink href="/repositories/new" look="main">
              <Plus aria-hidden className="size-4" /> New repository
            </ButtonLink>
          ) : null
        }
      />
      <KitBanner repositories={repositories.data ?? []} mayTake={mayChange} />
      <Panel flush>
        <Answered answer={repositories}>
          {(list) =>
            list.length === 0 ? (
              <Empty Icon={HardDrive} title="There is no repository yet">
                Nothing can be saved without one. The server makes a default repository when it starts, as soon as
                restic is installed; its log says what is missing.
              </Empty>
            ) : (
              <RepositoryTable repositories={list} />
            )
          }
        </Answered>
      </Panel>
    </>
  )
}
