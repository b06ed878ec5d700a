import { type QueryClient, useQuery, useQueryClient } from '@tanstack/react-query'
import { useEffect, useState } from 'react'
import { request } from '#app/_data/fetcher.ts'
import { type BackupEvent, followBackup } from '#app/_data/follow-backup.ts'
import { keys } from '#app/_data/keys.ts'
import { isOnItsWay } from '#app/_data/notifications.ts'
import { useConnection } from '#app/_data/socket.ts'
import {
  BackupDocument,
  BackupLogDocument,
  type BackupLogQuery,
  type BackupQuery,
  type RunState,
} from '#graphql/documents/generated/graphql.ts'

export type BackupDetail = NonNullable<BackupQuery['backup']>
export type RunDetail = BackupDetail['runs'][number]
export type LogEvent = NonNullable<BackupLogQuery['backup']>['log'][number]

const FIRST_LINES = 500
const KEPT_LINES = 5_000
/** Longer than it takes to notice that the connection went away silently. */
const LINGER_MS = 20_000

export function isActive(state: RunState): boolean {
  return state === 'QUEUED' || state === 'RUNNING'
}

/** One backup, kept current by its events; asked for again now and then in case an event went astray. */
export function useBackup(id: string) {
  const connection = useConnection()
  const client = useQueryClient()
  const backup = useQuery({
    queryKey: keys.backup(id),
    queryFn: ({ signal }) => request(BackupDocument, { id }, signal),
    select: (data) => data.backup,
    refetchInterval: (query) => {
      const found = query.state.data?.backup
      if (!found) return false
      // No event says what a queued run waits for.
      const isQueued = found.runs.some((run) => run.state === 'QUEUED')
      if (isActive(found.state)) return connection === 'open' && !isQueued ? 15_000 : 3_000
      const goesOn =
        found.hooks.some((hook) => isActive(hook.state)) ||
        found.notifications.some(isOnItsWay) ||
        found.runs.some((run) => run.copies.some((copy) => isActive(copy.state)))
      return goesOn ? 3_000 : false
    },
  })
  const log = useQuery({
    queryKey: keys.backupLog(id),
    queryFn: ({ signal }) => request(BackupLogDocument, { id, last: FIRST_LINES }, signal),
    select: (data) => data.backup?.log ?? [],
    // Read once each time the page is opened; the events append to it from there.
    staleTime: 0,
    gcTime: 0,
    refetchOnReconnect: false,
    refetchOnWindowFocus: false,
  })

  const firstRead = log.isSuccess && backup.isSuccess && backup.data !== null
  const active = backup.data ? [backup.data, ...backup.data.hooks].some(({ state }) => isActive(state)) : false
  // A backup that ended while the connection was lost still has lines that come with the next connection.
  const follow = useLingering(active || connection === 'lost')
  useEffect(() => {
    if (!firstRead || !follow) return
    const cached = client.getQueryData<BackupLogQuery>(keys.backupLog(id))
    return followBackup(id, lastSeen(cached), (event) => apply(client, id, event))
  }, [client, id, firstRead, follow])

  return { backup, log, connection }
}

/** True while `active`, and a little longer: the last lines of the log may come after the state. */
function useLingering(active: boolean): boolean {
  const [lingering, setLingering] = useState(active)
  useEffect(() => {
    if (active) {
      setLingering(true)
      return
    }
    const timer = setTimeout(() => setLingering(false), LINGER_MS)
    return () => clearTimeout(timer)
  }, [active])
  return active || lingering
}

/** The row was read before its log, so starting after the row's number may repeat lines but never skips one. */
function lastSeen(cached: BackupLogQuery | undefined): number {
  return cached?.backup?.lastSeq ?? 0
}

function apply(client: QueryClient, id: string, event: BackupEvent): void {
  if (event.kind !== 'PROGRESS') appendLine(client, id, event)
  client.setQueryData<BackupQuery>(keys.backup(id), (old) => {
    if (!old?.backup) return old
    return { ...old, backup: withEvent(old.backup, event) }
  })
  if (event.kind === 'STATE') {
    // The figures, errors and deliveries that belong to the new state are in the rows.
    void client.invalidateQueries({ queryKey: keys.backup(id) })
    void client.invalidateQueries({ queryKey: keys.sources })
  }
}

function appendLine(client: QueryClient, id: string, event: BackupEvent): void {
  client.setQueryData<BackupLogQuery>(keys.backupLog(id), (old) => {
    if (!old?.backup) return old
    const lastSeq = Math.max(old.backup.lastSeq, event.seq)
    if (old.backup.log.some((line) => line.seq === event.seq)) return { ...old, backup: { ...old.backup, lastSeq } }
    return { ...old, backup: { ...old.backup, lastSeq, log: [...old.backup.log, event].slice(-KEPT_LINES) } }
  })
}

/** The backup as it is after the event. An event without a run is about the backup itself. */
export function withEvent(backup: BackupDetail, event: BackupEvent): BackupDetail {
  const lastSeq = Math.max(backup.lastSeq, event.seq)
  if (event.runId === null || event.runId === undefined) {
    return { ...backup, lastSeq, state: event.state ?? backup.state }
  }
  const runs = backup.runs.map((run) =>
    run.id === event.runId
      ? { ...run, state: event.state ?? run.state, progress: event.progress ?? run.progress }
      : run,
  )
  return { ...backup, lastSeq, runs }
}
