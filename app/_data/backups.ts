import { keepPreviousData, useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { request } from '#app/_data/fetcher.ts'
import { keys } from '#app/_data/keys.ts'
import {
  BackupsDocument,
  type BackupsQuery,
  type BackupsQueryVariables,
  CancelBackupDocument,
  RestoreDocumentDocument,
  TriggerBackupDocument,
  type TriggerBackupInput,
} from '#graphql/documents/generated/graphql.ts'

export type BackupItem = BackupsQuery['backups']['edges'][number]['node']

/** One page of the history. The page before stays visible until the next one has come. */
export function useBackups(variables: BackupsQueryVariables) {
  return useQuery({
    queryKey: keys.backups(variables),
    queryFn: ({ signal }) => request(BackupsDocument, variables, signal),
    select: (data) => data.backups,
    placeholderData: keepPreviousData,
    refetchInterval: 10_000,
  })
}

/** Triggers a backup. A refusal is an answer of type Problem, not an error. */
export function useTriggerBackup() {
  const client = useQueryClient()
  return useMutation({
    mutationFn: async (input: TriggerBackupInput) => (await request(TriggerBackupDocument, { input })).triggerBackup,
    onSuccess: () => {
      void client.invalidateQueries({ queryKey: keys.sources })
      void client.invalidateQueries({ queryKey: keys.allBackups })
    },
  })
}

/** Asks for the backup to be cancelled. Its runs stop a moment later; the live events tell when. */
export function useCancelBackup(id: string) {
  const client = useQueryClient()
  return useMutation({
    mutationFn: async () => (await request(CancelBackupDocument, { id })).cancelBackup,
    onSuccess: () => client.invalidateQueries({ queryKey: keys.backup(id) }),
  })
}

/** How everything that a backup saved is brought back without this program. A refusal is an answer of type Problem. */
export function useRestoreDocument(backupId: string) {
  return useQuery({
    queryKey: keys.restoreDocument(backupId),
    queryFn: ({ signal }) => request(RestoreDocumentDocument, { backupId }, signal),
    select: (data) => data.restoreDocument,
  })
}
