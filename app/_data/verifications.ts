import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { isActive } from '#app/_data/backup.ts'
import { request } from '#app/_data/fetcher.ts'
import { keys } from '#app/_data/keys.ts'
import {
  CancelVerificationDocument,
  TriggerVerificationDocument,
  VerificationDocument,
  type VerificationQuery,
  VerificationsDocument,
  type VerificationsQuery,
} from '#graphql/documents/generated/graphql.ts'

export type VerificationItem = VerificationsQuery['verifications'][number]
export type VerificationDetail = NonNullable<VerificationQuery['verification']>

const ACTIVE_POLL_MS = 1_000
const IDLE_POLL_MS = 15_000

/** The newest hundred, newest first; with a source, its own. */
export function useVerifications(sourceId?: string) {
  return useQuery({
    queryKey: keys.verifications(sourceId ?? ''),
    queryFn: ({ signal }) => request(VerificationsDocument, sourceId === undefined ? {} : { sourceId }, signal),
    select: (data) => data.verifications,
    refetchInterval: ({ state }) =>
      state.data?.verifications.some((one) => isActive(one.state)) ? ACTIVE_POLL_MS : IDLE_POLL_MS,
  })
}

/** One verification, and the key that its evidence is signed for; asked for every second until it has ended. */
export function useVerification(id: string) {
  return useQuery({
    queryKey: keys.verification(id),
    queryFn: ({ signal }) => request(VerificationDocument, { id }, signal),
    refetchInterval: ({ state }) => {
      const found = state.data?.verification
      return found && isActive(found.state) ? ACTIVE_POLL_MS : false
    },
  })
}

/** A refusal is an answer of type Problem, not an error. */
export function useTriggerVerification() {
  const client = useQueryClient()
  return useMutation({
    mutationFn: async (runId: string) =>
      (await request(TriggerVerificationDocument, { input: { runId } })).triggerVerification,
    onSuccess: () => client.invalidateQueries({ queryKey: keys.allVerifications }),
  })
}

export function useCancelVerification(id: string) {
  const client = useQueryClient()
  return useMutation({
    mutationFn: async () => (await request(CancelVerificationDocument, { id })).cancelVerification,
    onSuccess: () => client.invalidateQueries({ queryKey: keys.verification(id) }),
  })
}
