'use client'

import { Search, SearchX } from 'lucide-react'
import Link from 'next/link'
import { type FormEvent, useState } from 'react'
import { problemIn } from '#app/_data/problem.ts'
import { type FoundVersion, useFindFile } from '#app/_data/snapshots.ts'
import { useSources } from '#app/_data/sources.ts'
import { useMayChange } from '#app/_data/viewer.ts'
import { BackLink } from '#app/_ui/back-link.tsx'
import { Button } from '#app/_ui/button.tsx'
import { Field, Input, Select } from '#app/_ui/field.tsx'
import { bytes } from '#app/_ui/format.ts'
import { asProblem, Notice, ProblemNotice } from '#app/_ui/notice.tsx'
import { PageHead, Panel } from '#app/_ui/panel.tsx'
import { When } from '#app/_ui/time.tsx'
import { Answered, Empty } from '#app/_ui/waiting.tsx'

/** Where a file is in all that is saved of a source, and in which versions. */
export default function FindPage() {
  const mayChange = useMayChange()
  const sources = useSources()
  const find = useFindFile()
  const [sourceId, setSourceId] = useState('')
  const [name, setName] = useState('')
  const refusal = problemIn(find.data, find.error)
  const found = find.data?.__typename === 'FileVersions' ? find.data.versions : null
  return (
    <>
      <title>Find a file · System Backup Trigger</title>
      <BackLink href="/restores">All restores</BackLink>
      <PageHead
        title="Find a file"
        intro="In all snapshots of a source, with its versions. Each search is in the audit log."
      />
      {mayChange ? (
        <Answered answer={sources} lines={3}>
          {(all) => {
            const chosen = sourceId || (all[0]?.id ?? '')
            const submit = (event: FormEvent) => {
              event.preventDefault()
              find.mutate({ sourceId: chosen, name })
            }
            return (
              <Panel title="What to look for">
                <form onSubmit={submit} className="grid items-start gap-3 sm:grid-cols-[1fr_1fr_auto]">
                  <Field label="Source" htmlFor="source">
                    <Select id="source" value={chosen} onChange={(event) => setSourceId(event.target.value)}>
                      {all.map((one) => (
                        <option key={one.id} value={one.id}>
                          {one.environment.name}: {one.name}
                        </option>
                      ))}
                    </Select>
                  </Field>
                  <Field
                    label="Name"
                    htmlFor="name"
                    hint="* and ? stand for other characters; capitals make no difference."
                  >
                    <Input
                      id="name"
                      aria-describedby="name-hint"
                      autoComplete="off"
                      spellCheck={false}
                      placeholder="invoice-2291*.pdf"
                      value={name}
                      onChange={(event) => setName(event.target.value)}
                    />
                  </Field>
                  <div className="sm:pt-6.5">
                    <Button type="submit" look="main" disabled={find.isPending || name.trim() === '' || chosen === ''}>
                      <Search aria-hidden className="size-4" /> {find.isPending ? 'Searching …' : 'Search'}
                    </Button>
                  </div>
                </form>
              </Panel>
            )
          }}
        </Answered>
      ) : (
        <Notice tone="warn" title="Your role may not look into what was saved.">
          Ask an administrator to search.
        </Notice>
      )}
      {refusal ? <ProblemNotice problem={asProblem(refusal)} /> : null}
      <p aria-live="polite" className="sr-only">
        {found === null ? '' : `${found.length} found.`}
      </p>
      {found === null ? null : (
        <Panel flush>
          {found.length === 0 ? (
            <Empty Icon={SearchX} title="There is nothing of that name">
              <p>Use * for what you do not know: *2291*.</p>
            </Empty>
          ) : (
            <Versions versions={found} />
          )}
        </Panel>
      )}
    </>
  )
}

function Versions({ versions }: { versions: FoundVersion[] }) {
  return (
    <table className="grid-table">
      <thead>
        <tr>
          <th scope="col">Path</th>
          <th scope="col">Changed</th>
          <th scope="col" className="figure">
            Size
          </th>
          <th scope="col">Newest backup that holds it</th>
        </tr>
      </thead>
      <tbody>
        {versions.map((version) => (
          <tr key={JSON.stringify([version.path, version.modifiedAt, version.bytes])}>
            <td className="lead">
              <span className="font-mono text-small break-all">{version.path}</span>
            </td>
            <td data-label="Changed">
              <When at={version.modifiedAt} />
            </td>
            <td data-label="Size" className="figure">
              {bytes(version.bytes)}
            </td>
            <td data-label="Newest backup that holds it">
              <Holder version={version} />
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  )
}

/** Leads to the folder that it is in, or to the folder that it is. */
function Holder({ version: { path, type, runs } }: { version: FoundVersion }) {
  const [newest] = runs
  if (newest === undefined) return null
  const folder = type === 'FOLDER' ? path : path.slice(0, path.lastIndexOf('/')) || '/'
  const more = runs.length - 1
  return (
    <div>
      <Link
        href={`/backups/${newest.backup.id}/snapshot/${newest.id}?${new URLSearchParams({ path: folder })}`}
        className="text-accent underline-offset-2 hover:underline"
      >
        {newest.finishedAt ? <When at={newest.finishedAt} /> : 'its backup'}
      </Link>
      {more > 0 ? (
        <span className="block text-small text-ink-soft">and {more === 1 ? 'one earlier' : `${more} earlier`}</span>
      ) : null}
    </div>
  )
}
