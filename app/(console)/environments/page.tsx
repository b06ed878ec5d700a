'use client'

import { Layers, Plus } from 'lucide-react'
import { useState } from 'react'
import { type EnvironmentItem, useEnvironmentSettings } from '#app/_data/environments.ts'
import { useViewer } from '#app/_data/viewer.ts'
import { blackoutWords } from '#app/_ui/blackout-fields.tsx'
import { Button, ButtonLink } from '#app/_ui/button.tsx'
import { EnvironmentTag } from '#app/_ui/environment-tag.tsx'
import { Fact, Facts, PageHead, Panel } from '#app/_ui/panel.tsx'
import { Answered, Empty } from '#app/_ui/waiting.tsx'
import { EnvironmentForm } from './environment-form.tsx'
import { Place } from './place.tsx'

export default function EnvironmentsPage() {
  const environments = useEnvironmentSettings()
  const mayChange = useViewer().data?.role === 'ADMIN'
  const [edited, setEdited] = useState<string | null>(null)
  const close = () => setEdited(null)
  return (
    <>
      <title>Environments · System Backup Trigger</title>
      <PageHead
        title="Environments"
        intro="Named places such as development, staging and production. Each source belongs to one of them."
        actions={
          mayChange ? (
            <>
              <ButtonLink href="/settings/configuration">Configuration as a file</ButtonLink>
              {edited === 'new' ? null : (
                <Button look="main" onClick={() => setEdited('new')}>
                  <Plus aria-hidden className="size-4" /> Add an environment
                </Button>
              )}
            </>
          ) : null
        }
      />
      {edited === 'new' ? (
        <Panel title="A new environment">
          <EnvironmentForm onDone={close} />
        </Panel>
      ) : null}
      <Answered answer={environments}>
        {(list) =>
          list.length === 0 ? (
            <Panel>
              <Empty Icon={Layers} title="There is no environment yet">
                Add the first; its sources come next.
              </Empty>
            </Panel>
          ) : (
            list.map((environment, position) => (
              <Panel
                key={environment.id}
                title={<EnvironmentTag environment={environment} words />}
                aside={
                  mayChange && edited !== environment.id ? (
                    <span className="flex flex-wrap items-center gap-2">
                      <Place environment={environment} position={position} last={list.length - 1} />
                      <Button
                        size="small"
                        aria-label={`Change ${environment.name}`}
                        onClick={() => setEdited(environment.id)}
                      >
                        Change
                      </Button>
                    </span>
                  ) : null
                }
              >
                {edited === environment.id ? (
                  <EnvironmentForm environment={environment} onDone={close} />
                ) : (
                  <About environment={environment} />
                )}
              </Panel>
            ))
          )
        }
      </Answered>
    </>
  )
}

function About({ environment }: { environment: EnvironmentItem }) {
  return (
    <Facts>
      <Fact name="Sources">{environment.sources.length || 'None yet'}</Fact>
      <Fact name="Saved in">{environment.repository?.name ?? 'The default repository'}</Fact>
      <Fact name="Time zone">{environment.timeZone}</Fact>
      {environment.blackouts.length > 0 ? (
        <Fact name="Starts nothing">{environment.blackouts.map(blackoutWords).join('; ')}</Fact>
      ) : null}
      <Fact name="Worker">
        {environment.hasWorker ? (
          'Serves it now'
        ) : (
          <span className="font-medium text-warn">None serves it: its backups wait</span>
        )}
      </Fact>
    </Facts>
  )
}
