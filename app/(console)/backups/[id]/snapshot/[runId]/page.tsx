'use client'

import { ArchiveRestore, Download, Folder, FolderOpen } from 'lucide-react'
import Link from 'next/link'
import { useParams, useSearchParams } from 'next/navigation'
import { useState } from 'react'
import { type RunDetail, useBackup } from '#app/_data/backup.ts'
import { isPreviewable } from '#app/_data/snapshot-file.ts'
import { downloadAddress, type SnapshotEntry, useSnapshotEntries } from '#app/_data/snapshots.ts'
import { BackLink } from '#app/_ui/back-link.tsx'
import { Button } from '#app/_ui/button.tsx'
import { bytes, runName } from '#app/_ui/format.ts'
import { asProblem, ProblemNotice } from '#app/_ui/notice.tsx'
import { PageHead, Panel } from '#app/_ui/panel.tsx'
import { When } from '#app/_ui/time.tsx'
import { Answered, Empty } from '#app/_ui/waiting.tsx'
import { RestoreForm } from '../../restore-form.tsx'
import { Preview } from './preview.tsx'

/** What a run saved, folder by folder, and downloads from it. */
export default function SnapshotPage() {
  const { id, runId } = useParams<{ id: string; runId: string }>()
  const path = useSearchParams().get('path') ?? '/'
  const run = useBackup(id).backup.data?.runs.find((one) => one.id === runId)
  const entries = useSnapshotEntries(runId, path)
  const pages = entries.data?.pages ?? []
  const found = pages.flatMap((page) => (page.__typename === 'SnapshotEntryPage' ? page.entries : []))
  const refusal = pages.find((page) => page.__typename === 'Problem')
  const title = run ? `Snapshot of ${runName(run)}` : 'Snapshot'
  const at = `/backups/${id}/snapshot/${runId}`
  const [shown, setShown] = useState<SnapshotEntry | null>(null)
  return (
    <>
      <title>{`${title} · System Backup Trigger`}</title>
      <BackLink href={`/backups/${id}`}>Back to the backup</BackLink>
      <PageHead title={title} intro="As it was when it was saved. Each look and each download is in the audit log." />
      <Answered answer={entries} lines={8}>
        {() =>
          refusal ? (
            <ProblemNotice problem={asProblem(refusal)} />
          ) : (
            <>
              {shown !== null && found.includes(shown) ? (
                <Preview key={shown.path} runId={runId} entry={shown} onClose={() => setShown(null)} />
              ) : null}
              {run && run.removedAt === null ? <RestoreThis key={path} run={run} path={path} /> : null}
              <Panel title={<Crumbs at={at} path={path} />} aside={<ArchiveLink runId={runId} path={path} />} flush>
                {found.length === 0 ? (
                  <Empty Icon={FolderOpen} title="This folder is empty" />
                ) : (
                  <Entries at={at} runId={runId} entries={found} onShow={setShown} />
                )}
                {entries.hasNextPage ? (
                  <div className="p-4">
                    <Button disabled={entries.isFetchingNextPage} onClick={() => void entries.fetchNextPage()}>
                      {entries.isFetchingNextPage ? 'Reading …' : 'Show more'}
                    </Button>
                  </div>
                ) : null}
              </Panel>
            </>
          )
        }
      </Answered>
    </>
  )
}

/** Brings the folder that is looked at into one of the worker. */
function RestoreThis({ run, path }: { run: RunDetail; path: string }) {
  const [isOpen, setOpen] = useState(false)
  if (!isOpen)
    return (
      <div className="mb-4">
        <Button size="small" onClick={() => setOpen(true)}>
          <ArchiveRestore aria-hidden className="size-4" /> Restore this folder …
        </Button>
      </div>
    )
  return (
    <Panel title={`Restore ${path === '/' ? 'all of it' : path}`}>
      <RestoreForm run={run} path={path} onDone={() => setOpen(false)} />
    </Panel>
  )
}

const folderLink = (at: string, path: string): string => `${at}?${new URLSearchParams({ path })}`

function Crumbs({ at, path }: { at: string; path: string }) {
  const parts = path.split('/').filter(Boolean)
  return (
    <nav aria-label="Folder" className="flex flex-wrap items-baseline gap-x-1.5 font-mono text-small">
      <Link href={folderLink(at, '/')} className="text-accent hover:underline">
        root
      </Link>
      {parts.map((part, index) => {
        const upTo = `/${parts.slice(0, index + 1).join('/')}`
        return (
          <span key={upTo} className="inline-flex items-baseline gap-x-1.5">
            <span aria-hidden>/</span>
            {index === parts.length - 1 ? (
              <span aria-current="page">{part}</span>
            ) : (
              <Link href={folderLink(at, upTo)} className="text-accent hover:underline">
                {part}
              </Link>
            )}
          </span>
        )
      })}
    </nav>
  )
}

function ArchiveLink({ runId, path }: { runId: string; path: string }) {
  return (
    <a
      href={downloadAddress(runId, path)}
      download
      className="inline-flex items-center gap-1.5 text-small text-accent underline-offset-2 hover:underline"
    >
      <Download aria-hidden className="size-4" /> All of it as ZIP
    </a>
  )
}

interface EntriesProps {
  at: string
  runId: string
  entries: SnapshotEntry[]
  onShow: (entry: SnapshotEntry) => void
}

function Entries({ at, runId, entries, onShow }: EntriesProps) {
  return (
    <table className="grid-table">
      <thead>
        <tr>
          <th scope="col">Name</th>
          <th scope="col">Size</th>
          <th scope="col">Changed</th>
          <th scope="col">
            <span className="sr-only">Download</span>
          </th>
        </tr>
      </thead>
      <tbody>
        {entries.map((entry) => (
          <tr key={entry.path}>
            <td className="lead">
              {entry.type === 'FOLDER' ? (
                <Link
                  href={folderLink(at, entry.path)}
                  className="inline-flex items-center gap-2 text-accent underline-offset-2 hover:underline"
                >
                  <Folder aria-hidden className="size-4 shrink-0" /> {entry.name}
                </Link>
              ) : isPreviewable(entry) ? (
                <button
                  type="button"
                  className="text-start text-accent underline-offset-2 hover:underline"
                  onClick={() => onShow(entry)}
                >
                  {entry.name}
                </button>
              ) : (
                entry.name
              )}
            </td>
            <td data-label="Size">{entry.bytes === null ? '–' : bytes(entry.bytes)}</td>
            <td data-label="Changed">
              <When at={entry.modifiedAt} />
            </td>
            <td data-label="Download">
              {isDownloadable(entry) ? (
                <a
                  href={downloadAddress(runId, entry.path)}
                  download
                  aria-label={`Download ${entry.name}`}
                  className="inline-flex items-center gap-1.5 text-small text-accent underline-offset-2 hover:underline"
                >
                  <Download aria-hidden className="size-4" /> {entry.type === 'FOLDER' ? 'ZIP' : 'File'}
                </a>
              ) : (
                <span className="text-small text-ink-soft">With its folder</span>
              )}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  )
}

/** restic finds nothing by a name that is not UTF-8. */
const isDownloadable = ({ type, path }: SnapshotEntry): boolean => type !== 'OTHER' && !path.includes('\uFFFD')
