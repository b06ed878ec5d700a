'use client'

import { Database, Plus } from 'lucide-react'
import Link from 'next/link'
import { type SourceItem, useSources } from '#app/_data/sources.ts'
import { useMayChange } from '#app/_data/viewer.ts'
import { ButtonLink } from '#app/_ui/button.tsx'
import { EnvironmentTag } from '#app/_ui/environment-tag.tsx'
import { typeNames } from '#app/_ui/format.ts'
import { PageHead, Panel } from '#app/_ui/panel.tsx'
import { Age, When } from '#app/_ui/time.tsx'
import { Answered, Empty } from '#app/_ui/waiting.tsx'

export default function SourcesPage() {
  const sources = useSources()
  const mayChange = useMayChange()
  return (
    <>
      <title>Sources · System Backup Trigger</title>
      <PageHead
        title="Sources"
        intro="What can be backed up: databases, user-data exports and storage folders. Each belongs to one environment."
        actions={
          <>
            <ButtonLink href="/environments">Environments</ButtonLink>
            {mayChange ? (
              <ButtonLink href="/sources/new" look="main">
                <Plus aria-hidden className="size-4" /> Add a source
              </ButtonLink>
            ) : null}
          </>
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
                    <th scope="col">Kind</th>
                    <th scope="col">Repository</th>
                    <th scope="col">Last good backup</th>
                    <th scope="col">Enabled</th>
                  </tr>
                </thead>
                <tbody>
                  {list.map((source) => (
                    <tr key={source.id}>
                      <td className="lead">
                        {mayChange ? (
                          <Link
                            href={`/sources/${source.id}`}
                            className="font-medium text-accent underline-offset-2 hover:underline"
                          >
                            {source.name}
                          </Link>
                        ) : (
                          source.name
                        )}
                      </td>
                      <td data-label="Environment">
                        <EnvironmentTag environment={source.environment} />
                      </td>
                      <td data-label="Kind">
                        <div>
                          {source.kindTitle}
                          <span className="block text-small text-ink-soft">{typeNames[source.type]}</span>
                        </div>
                      </td>
                      <td data-label="Repository">
                        {source.repository?.name ?? <span className="text-warn">None chosen</span>}
                      </td>
                      <td data-label="Last good backup">
                        <LastGood run={source.lastGoodRun} />
                      </td>
                      <td data-label="Enabled">
                        {source.enabled ? (
                          'Yes'
                        ) : (
                          <span className="font-medium text-warn">
                            {source.settingsMissing ? 'No, its settings are missing' : 'No'}
                          </span>
                        )}
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

function LastGood({ run }: { run: SourceItem['lastGoodRun'] }) {
  if (!run?.finishedAt) return <span className="font-medium text-warn">None yet</span>
  return (
    <div>
      <Link href={`/backups/${run.backup.id}`} className="text-accent underline-offset-2 hover:underline">
        <When at={run.finishedAt} />
      </Link>
      <span className="block text-small text-ink-soft">
        <Age at={run.finishedAt} />
      </span>
    </div>
  )
}
