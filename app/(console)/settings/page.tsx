'use client'

import { useEnvironmentSettings } from '#app/_data/environments.ts'
import { useOptions } from '#app/_data/options.ts'
import { useViewer } from '#app/_data/viewer.ts'
import { ButtonLink } from '#app/_ui/button.tsx'
import { PageHead, Panel } from '#app/_ui/panel.tsx'
import { Answered } from '#app/_ui/waiting.tsx'
import { OptionForm } from './option-form.tsx'

export default function SettingsPage() {
  const options = useOptions()
  const environments = useEnvironmentSettings()
  const viewer = useViewer()
  const readOnly = viewer.data?.role !== 'ADMIN'
  const guarded = environments.data?.filter((one) => one.protected).map((one) => one.name) ?? []
  return (
    <>
      <title>Settings · System Backup Trigger</title>
      <PageHead
        title="Settings"
        intro="What holds where neither a plan nor a trigger says otherwise. A change holds at once; new plans begin with it, plans that are there keep what they have."
        actions={<ButtonLink href="/settings/configuration">Configuration as a file</ButtonLink>}
      />
      <Panel title="Options" flush>
        <Answered answer={options}>
          {(list) => (
            <ul className="divide-y divide-line">
              {list.map((option) => (
                <li key={option.name} className="p-4">
                  <OptionForm key={option.value} option={option} guarded={guarded} readOnly={readOnly} />
                </li>
              ))}
            </ul>
          )}
        </Answered>
      </Panel>
    </>
  )
}
