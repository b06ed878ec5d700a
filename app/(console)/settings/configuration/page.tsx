'use client'

import { Download } from 'lucide-react'
import { useExportConfiguration } from '#app/_data/configuration.ts'
import { useViewer } from '#app/_data/viewer.ts'
import { Button } from '#app/_ui/button.tsx'
import { asProblem, Notice, ProblemNotice } from '#app/_ui/notice.tsx'
import { PageHead } from '#app/_ui/panel.tsx'
import { saveText } from '#app/_ui/save-text.ts'
import { CompareFile } from './compare-file.tsx'

export default function ConfigurationPage() {
  const viewer = useViewer()
  const exported = useExportConfiguration()
  const mayChange = viewer.data?.role === 'ADMIN'
  return (
    <>
      <title>Configuration as a file · System Backup Trigger</title>
      <PageHead
        title="Configuration as a file"
        intro="Environments, repositories, sources, plans and who is told, as one YAML file without secrets. Keep it in git; compare it; apply it."
        actions={
          mayChange ? (
            <Button
              disabled={exported.isPending}
              onClick={() => exported.mutate(undefined, { onSuccess: (yaml) => saveText('backup.yaml', yaml) })}
            >
              <Download aria-hidden className="size-4" /> Download it
            </Button>
          ) : null
        }
      />
      {exported.error ? <ProblemNotice problem={asProblem(exported.error)} /> : null}
      {mayChange ? <CompareFile /> : null}
      {viewer.data && !mayChange ? (
        <Notice tone="info" title="The configuration as a file is for administrators." />
      ) : null}
    </>
  )
}
