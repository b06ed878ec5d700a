'use client'

import { useParams } from 'next/navigation'
import { type FormEvent, useState } from 'react'
import { BackLink } from '#app/_ui/back-link.tsx'
import { Button } from '#app/_ui/button.tsx'
import { Choice, Field, Input } from '#app/_ui/field.tsx'
import { PageHead, Panel } from '#app/_ui/panel.tsx'
import type { BackupRestorePlanInput } from '#graphql/documents/generated/graphql.ts'
import { Plan } from './plan.tsx'

const empty = { folder: '', intoDatabases: true, suffix: '_restored', original: false, user: '', password: '' }

/** All that a backup saved, in order: first where to, then what would be done, then that. */
export default function RestoreBackupPage() {
  const { id } = useParams<{ id: string }>()
  const [draft, setDraft] = useState(empty)
  const [asked, setAsked] = useState<BackupRestorePlanInput | null>(null)
  const change = (part: Partial<typeof empty>) => {
    setDraft({ ...draft, ...part })
    setAsked(null)
  }
  function showPlan(event: FormEvent): void {
    event.preventDefault()
    const { folder, intoDatabases, suffix, original } = draft
    setAsked({ backupId: id, folder, original, ...(intoDatabases && { suffix }) })
  }
  const text = (key: 'folder' | 'suffix' | 'user' | 'password', label: string, hint: string) => (
    <Field label={label} htmlFor={key} hint={hint}>
      <Input
        id={key}
        type={key === 'password' ? 'password' : 'text'}
        aria-describedby={`${key}-hint`}
        autoComplete={key === 'password' ? 'new-password' : 'off'}
        spellCheck={false}
        value={draft[key]}
        onChange={(event) => change({ [key]: event.target.value })}
      />
    </Field>
  )
  return (
    <>
      <title>Restore a backup · System Backup Trigger</title>
      <BackLink href={`/backups/${id}`}>Back to the backup</BackLink>
      <PageHead
        title="Restore all of this backup"
        intro="Files first, then databases, one after the other. One that fails does not keep the others from being restored."
      />
      <Panel title="Where to">
        <form onSubmit={showPlan} className="grid max-w-xl gap-3">
          {text(
            'folder',
            'Folder on the workers',
            'Absolute, and inside their STORAGE_ROOTS. What goes nowhere else goes below it, each run into a folder of its own.',
          )}
          <Choice
            kind="checkbox"
            name="into-databases"
            checked={draft.intoDatabases}
            onChange={(intoDatabases) => change({ intoDatabases })}
            detail="Beside the old ones, which are not touched. Otherwise what their dump tools wrote goes into the folder."
          >
            Databases into new databases and files
          </Choice>
          {draft.intoDatabases ? (
            <>
              {text('suffix', 'Behind their names', 'As in shop_restored.')}
              <div className="grid gap-3 sm:grid-cols-2">
                {text(
                  'user',
                  'By the account',
                  'One that may create databases. Empty: each source’s own, which may only be allowed to read.',
                )}
                {text('password', 'Its password', 'Kept, encrypted, until each restore has ended.')}
              </div>
            </>
          ) : null}
          <Choice
            kind="checkbox"
            name="original"
            checked={draft.original}
            onChange={(original) => change({ original })}
            detail="Only those that are missing; nothing that is there is written over."
          >
            Files to where they were
          </Choice>
          <div>
            <Button type="submit" disabled={draft.folder.trim() === ''}>
              Show the plan
            </Button>
          </div>
        </form>
      </Panel>
      {asked ? <Plan input={asked} user={draft.user} password={draft.password} /> : null}
    </>
  )
}
