'use client'

import Link from 'next/link'
import { useState } from 'react'
import type { RepositoryDetail } from '#app/_data/repositories.ts'
import { CopyText } from '#app/_ui/copy-text.tsx'
import { Fact, Facts, Panel } from '#app/_ui/panel.tsx'
import { Age, When } from '#app/_ui/time.tsx'
import { CopiesPanel } from './copies-panel.tsx'
import { FiguresPanel } from './figures-panel.tsx'
import { HealthNotice } from './health-notice.tsx'
import { KitPanel } from './kit-panel.tsx'
import { useShownRepository } from './shown.ts'

export default function RepositoryPage() {
  const repository = useShownRepository()
  return repository ? <Overview repository={repository} /> : null
}

function Overview({ repository }: { repository: RepositoryDetail }) {
  // As it was on opening: the panel must not jump away when its button was pressed.
  const [isKitFirst] = useState(repository.kitNeeded)
  const { newestSnapshot } = repository
  return (
    <>
      <HealthNotice repository={repository} />
      {isKitFirst ? <KitPanel repository={repository} /> : null}
      <Panel title="Place">
        <Facts>
          <Fact name="Kind">{repository.kindTitle}</Fact>
          <Fact name="Last saved there">
            {newestSnapshot?.finishedAt ? (
              <Link
                href={`/backups/${newestSnapshot.backup.id}`}
                className="text-accent underline-offset-2 hover:underline"
              >
                <When at={newestSnapshot.finishedAt} />
              </Link>
            ) : (
              'Nothing yet'
            )}
          </Fact>
          <Fact name="Last looked at">{repository.probedAt ? <Age at={repository.probedAt} /> : 'Not yet'}</Fact>
          <Fact name="Known since">
            <When at={repository.createdAt} />
          </Fact>
          <Fact name="Location, as restic writes it" wide>
            <CopyText text={repository.location} shown={repository.location} />
          </Fact>
        </Facts>
      </Panel>
      <CopiesPanel repository={repository} />
      <FiguresPanel repository={repository} />
      {isKitFirst ? null : <KitPanel repository={repository} />}
    </>
  )
}
