'use client'

import { Database, Plus } from 'lucide-react'
import { useSources } from '#app/_data/sources.ts'
import { ButtonLink } from '#app/_ui/button.tsx'
import { EnvironmentTag } from '#app/_ui/environment-tag.tsx'
import { typeNames } from '#app/_ui/format.ts'
import { PageHead, Panel } from '#app/_ui/panel.tsx'
import { StateMark } from '#app/_ui/state.tsx'
import { Answered, Empty } from '#app/_ui/waiting.tsx'

export default function SourcesPage() {
  const sources = useSources()
  return (
    <>
      <title>Sources · System Backup Trigger</title>
      <PageHead
        title="Sources"
        intro="What can be backed up: databases, user-data exports and storage folders. Each belongs to one environment."
        actions={
          <ButtonLink href="/sources/new" look="main">
            <Plus aria-hidden className="size-4" /> Add a source
          </ButtonLink>
        }
      />
      <Panel flush>
        <Answered answer={sources} lines={6}>
          {(list) =>
            list.length === 0 ? (
              <Empty Icon={Database} title="There is no source yet">
                Add the first database, export or folder that must not be lost.
              </Empty>
            ) : (
              <table className="grid-table">
                <thead>
                  <tr>
                    <th scope="col">Source</th>
                    <th scope="col">Environment</th>
                    <th scope="col">Type</th>
                    <th scope="col">Kind</th>
                    <th scope="col">Repository</th>
                    <th scope="col">Enabled</th>
                    <th scope="col">Last run</th>
                  </tr>
                </thead>
                <tbody>
                  {list.map((source) => (
                    <tr key={source.id}>
                      <td className="lead">{source.name}</td>
                      <td data-label="Environment">
                        <EnvironmentTag environment={source.environment} />
                      </td>
                      <td data-label="Type">{typeNames[source.type]}</td>
                      <td data-label="Kind">{source.kind}</td>
                      <td data-label="Repository">
                        {source.repository?.name ?? <span className="text-warn">None chosen</span>}
                      </td>
                      <td data-label="Enabled">{source.enabled ? 'Yes' : 'No'}</td>
                      <td data-label="Last run">
                        {source.lastRun ? <StateMark state={source.lastRun.state} /> : 'Never run'}
                      </td>
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
