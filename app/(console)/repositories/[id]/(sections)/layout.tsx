'use client'

import { HardDrive } from 'lucide-react'
import { useParams } from 'next/navigation'
import type { ReactNode } from 'react'
import { useRepository } from '#app/_data/repositories.ts'
import { useMayChange } from '#app/_data/viewer.ts'
import { ButtonLink } from '#app/_ui/button.tsx'
import { KitBanner } from '#app/_ui/kit-banner.tsx'
import { Panel } from '#app/_ui/panel.tsx'
import { Answered, Empty } from '#app/_ui/waiting.tsx'
import { RepositoryHead } from './repository-head.tsx'
import { SectionLinks } from './section-links.tsx'

/** What all pages of one repository begin with. */
export default function RepositoryLayout({ children }: { children: ReactNode }) {
  const { id } = useParams<{ id: string }>()
  const repository = useRepository(id)
  const mayChange = useMayChange()
  return (
    <Answered answer={repository} lines={8}>
      {(found) =>
        found === null ? (
          <Panel flush>
            <title>Repository not found · System Backup Trigger</title>
            <Empty Icon={HardDrive} title="There is no such repository">
              <p className="mb-4">It may have been removed. What was saved in it is still there.</p>
              <ButtonLink href="/repositories">To the repositories</ButtonLink>
            </Empty>
          </Panel>
        ) : (
          <>
            <RepositoryHead repository={found} />
            <KitBanner repositories={[found]} mayTake={mayChange} />
            <SectionLinks id={found.id} />
            {children}
          </>
        )
      }
    </Answered>
  )
}
