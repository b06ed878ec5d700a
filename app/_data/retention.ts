import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { request } from '#app/_data/fetcher.ts'
import { keys } from '#app/_data/keys.ts'
import {
  PinRunDocument,
  type PinRunInput,
  ReleaseRetentionDocument,
  RetentionHoldsDocument,
  RetentionPreviewDocument,
  UnpinRunDocument,
} from '#graphql/documents/generated/graphql.ts'

const POLL_MS = 60_000

/** Which snapshots of a plan stay and by which rule, and which would go. */
export function useRetentionPreview(planId: string) {
  return useQuery({
    queryKey: keys.retentionPreview(planId),
    queryFn: ({ signal }) => request(RetentionPreviewDocument, { planId }, signal),
    select: (data) => data.retentionPreview,
  })
}

/** Sources of which nothing is removed because their newest backup looks wrong. */
export function useRetentionHolds() {
  return useQuery({
    queryKey: keys.retentionHolds,
    queryFn: ({ signal }) => request(RetentionHoldsDocument, {}, signal),
    select: (data) =>
      data.sources.flatMap(({ name, retentionHolds }) => retentionHolds.map((hold) => ({ ...hold, name }))),
    refetchInterval: POLL_MS,
  })
}

export function useReleaseRetention() {
  const client = useQueryClient()
  return useMutation({
    mutationFn: async (holdId: string) => (await request(ReleaseRetentionDocument, { holdId })).releaseRetention,
    onSuccess: () => client.invalidateQueries({ queryKey: keys.retentionHolds }),
  })
}

/** Of a run that the page of this backup shows. */
export function usePin(backupId: string) {
  const client = useQueryClient()
  const onSuccess = () => client.invalidateQueries({ queryKey: keys.backup(backupId) })
  const pin = useMutation({
    mutationFn: async (input: PinRunInput) => (await request(PinRunDocument, { input })).pinRun,
    onSuccess,
  })
  const unpin = useMutation({
    mutationFn: async (runId: string) => (await request(UnpinRunDocument, { runId })).unpinRun,
    onSuccess,
  })
  return { pin, unpin }
}
