import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { isActive } from '#app/_data/backup.ts'
import { request } from '#app/_data/fetcher.ts'
import { keys } from '#app/_data/keys.ts'
import {
  ApproveRestoreDocument,
  BackupRestorePlanDocument,
  type BackupRestorePlanInput,
  CancelRestoreDocument,
  RestoreDocument,
  type RestoreQuery,
  RestoresDocument,
  type RestoresQuery,
  TriggerBackupRestoreDocument,
  type TriggerBackupRestoreInput,
  TriggerRestoreDocument,
  type TriggerRestoreInput,
} from '#graphql/documents/generated/graphql.ts'

export type RestoreItem = RestoresQuery['restores'][number]
export type RestoreDetail = NonNullable<RestoreQuery['restore']>

const ACTIVE_POLL_MS = 1_000
const IDLE_POLL_MS = 15_000

/** The newest hundred, newest first; or those of a batch, in their order. */
export function useRestores(batchId: string | null = null) {
  return useQuery({
    queryKey: batchId === null ? keys.restores : [...keys.restores, 'batch', batchId],
    queryFn: ({ signal }) => request(RestoresDocument, { batchId }, signal),
    select: (data) => data.restores,
    refetchInterval: ({ state }) =>
      state.data?.restores.some((one) => isActive(one.state)) ? ACTIVE_POLL_MS : IDLE_POLL_MS,
  })
}

/** One restore, asked for every second until it has ended. */
export function useRestore(id: string) {
  return useQuery({
    queryKey: keys.restore(id),
    queryFn: ({ signal }) => request(RestoreDocument, { id }, signal),
    select: (data) => data.restore,
    refetchInterval: ({ state }) => {
      const found = state.data?.restore
      return found && isActive(found.state) ? ACTIVE_POLL_MS : false
    },
  })
}

/** What would be done with everything that a backup saved. */
export function useBackupRestorePlan(input: BackupRestorePlanInput) {
  return useQuery({
    queryKey: [...keys.restores, 'plan', input],
    queryFn: async ({ signal }) => (await request(BackupRestorePlanDocument, { input }, signal)).backupRestorePlan,
  })
}

/** A refusal is an answer of type Problem, not an error. */
export function useTriggerBackupRestore() {
  const client = useQueryClient()
  return useMutation({
    mutationFn: async (input: TriggerBackupRestoreInput) =>
      (await request(TriggerBackupRestoreDocument, { input })).triggerBackupRestore,
    onSuccess: () => client.invalidateQueries({ queryKey: keys.restores }),
  })
}

/** A refusal is an answer of type Problem, not an error. */
export function useTriggerRestore() {
  const client = useQueryClient()
  return useMutation({
    mutationFn: async (input: TriggerRestoreInput) => (await request(TriggerRestoreDocument, { input })).triggerRestore,
    onSuccess: () => client.invalidateQueries({ queryKey: keys.restores }),
  })
}

export function useApproveRestore(id: string) {
  const client = useQueryClient()
  return useMutation({
    mutationFn: async (confirmEnvironment: string) =>
      (await request(ApproveRestoreDocument, { id, confirmEnvironment })).approveRestore,
    onSuccess: () => client.invalidateQueries({ queryKey: keys.restore(id) }),
  })
}

export function useCancelRestore(id: string) {
  const client = useQueryClient()
  return useMutation({
    mutationFn: async () => (await request(CancelRestoreDocument, { id })).cancelRestore,
    onSuccess: () => client.invalidateQueries({ queryKey: keys.restore(id) }),
  })
}
