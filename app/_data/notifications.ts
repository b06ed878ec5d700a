import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { request } from '#app/_data/fetcher.ts'
import { keys } from '#app/_data/keys.ts'
import {
  DeliveriesDocument,
  NotificationSettingsDocument,
  SendTestMailDocument,
  SetNotificationRecipientsDocument,
} from '#graphql/documents/generated/graphql.ts'

const PENDING_POLL_MS = 2_000
const IDLE_POLL_MS = 30_000

export function useNotificationSettings() {
  return useQuery({
    queryKey: keys.notificationSettings,
    queryFn: ({ signal }) => request(NotificationSettingsDocument, {}, signal),
    select: (data) => data.notificationSettings,
  })
}

/** The newest deliveries, asked again often while one of them is still pending. */
export function useDeliveries() {
  return useQuery({
    queryKey: keys.deliveries,
    queryFn: ({ signal }) => request(DeliveriesDocument, { last: 50 }, signal),
    select: (data) => data.deliveries,
    refetchInterval: (query) =>
      query.state.data?.deliveries.some((delivery) => delivery.state === 'PENDING') ? PENDING_POLL_MS : IDLE_POLL_MS,
  })
}

export function useSendTestMail() {
  const client = useQueryClient()
  return useMutation({
    mutationFn: async () => (await request(SendTestMailDocument)).sendTestMail,
    onSuccess: () => client.invalidateQueries({ queryKey: keys.deliveries }),
  })
}

export function useSetRecipients() {
  const client = useQueryClient()
  return useMutation({
    mutationFn: async (recipients: string[]) =>
      (await request(SetNotificationRecipientsDocument, { recipients })).setNotificationRecipients,
    onSuccess: () => client.invalidateQueries({ queryKey: keys.notificationSettings }),
  })
}
