'use client'

import { HardDrive } from 'lucide-react'
import { useRepositories } from '#app/_data/sources.ts'
import { PageHead, Panel } from '#app/_ui/panel.tsx'
import { Answered, Empty } from '#app/_ui/waiting.tsx'

export default function RepositoriesPage() {
  const repositories = useRepositories()
  return (
    <>
      <title>Repositories · System Backup Trigger</title>
      <PageHead
        title="Repositories"
        intro="Where snapshots go. Each is a restic repository, which restic can also read without this tool."
      />
      <Panel flush>
        <Answered answer={repositories}>
          {(list) =>
            list.length === 0 ? (
              <Empty Icon={HardDrive} title="There is no repository yet">
                Nothing can be saved without one. The server makes a default repository when it starts, as soon as
                restic is installed; its log says what is missing.
              </Empty>
            ) : (
              <table className="grid-table">
                <thead>
                  <tr>
                    <th scope="col">Repository</th>
                    <th scope="col">Kind</th>
                    <th scope="col">Location</th>
                    <th scope="col">Default</th>
                  </tr>
                </thead>
                <tbody>
                  {list.map((repository) => (
                    <tr key={repository.id}>
                      <td className="lead">{repository.name}</td>
                      <td data-label="Kind">{repository.kind}</td>
                      <td data-label="Location" className="font-mono text-small">
                        {repository.location}
                      </td>
                      <td data-label="Default">{repository.isDefault ? 'Yes' : 'No'}</td>
                    </tr>
                  ))}
                </tbody>
              </table>
            )
          }
        </Answered>
      </Panel>
    </>
  )
}
