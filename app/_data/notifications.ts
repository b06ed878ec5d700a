import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { request } from '#app/_data/fetcher.ts'
import { keys } from '#app/_data/keys.ts'
import {
  AcknowledgeNotificationDocument,
  NotificationDocument,
  type NotificationFieldsFragment,
  type NotificationQuery,
  NotificationSettingsDocument,
  NotificationsDocument,
  ResendDeliveryDocument,
  SendTestMailDocument,
  SetNotificationRecipientsDocument,
} from '#graphql/documents/generated/graphql.ts'

export type NotificationDetail = NonNullable<NotificationQuery['notification']>

const PENDING_POLL_MS = 2_000
const IDLE_POLL_MS = 30_000

/** Whether a message of it is still to be sent now. */
export const isOnItsWay = ({ deliveries }: Pick<NotificationFieldsFragment, 'deliveries'>): boolean =>
  deliveries.some(({ state, notBefore }) => state === 'PENDING' && notBefore === null)

export function useNotificationSettings() {
  return useQuery({
    queryKey: keys.notificationSettings,
    queryFn: ({ signal }) => request(NotificationSettingsDocument, {}, signal),
    select: (data) => data.notificationSettings,
  })
}

/** The newest notifications, asked again often while a message of one is on its way. */
export function useNotifications() {
  return useQuery({
    queryKey: keys.notifications,
    queryFn: ({ signal }) => request(NotificationsDocument, { last: 50 }, signal),
    select: (data) => data.notifications,
    refetchInterval: (query) => (query.state.data?.notifications.some(isOnItsWay) ? PENDING_POLL_MS : IDLE_POLL_MS),
  })
}

export function useNotification(id: string) {
  return useQuery({
    queryKey: keys.notification(id),
    queryFn: ({ signal }) => request(NotificationDocument, { id }, signal),
    select: (data) => data.notification ?? null,
    refetchInterval: (query) =>
      query.state.data?.notification && isOnItsWay(query.state.data.notification) ? PENDING_POLL_MS : IDLE_POLL_MS,
  })
}

/** Says that somebody takes care of it. */
export function useAcknowledge() {
  const refresh = useRefresh()
  return useMutation({
    mutationFn: async (id: string) => (await request(AcknowledgeNotificationDocument, { id })).acknowledgeNotification,
    onSuccess: refresh,
  })
}

export function useResend() {
  const refresh = useRefresh()
  return useMutation({
    mutationFn: async (id: string) => (await request(ResendDeliveryDocument, { id })).resendDelivery,
    onSuccess: refresh,
  })
}

export function useSendTestMail() {
  const refresh = useRefresh()
  return useMutation({
    mutationFn: async () => (await request(SendTestMailDocument)).sendTestMail,
    onSuccess: refresh,
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

function useRefresh() {
  const client = useQueryClient()
  return () => client.invalidateQueries({ queryKey: keys.notifications })
}
