import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { request } from '#app/_data/fetcher.ts'
import { keys } from '#app/_data/keys.ts'
import {
  ChannelFormDocument,
  type ChannelFormQuery,
  ChannelSettingsDocument,
  type ChannelSettingsQuery,
  ChannelsDocument,
  type ChannelsQuery,
  CreateChannelDocument,
  type CreateChannelInput,
  DeleteChannelDocument,
  TestChannelDocument,
  UpdateChannelDocument,
  type UpdateChannelInput,
} from '#graphql/documents/generated/graphql.ts'

export type ChannelItem = ChannelsQuery['channels'][number]
export type ChannelSettings = NonNullable<ChannelSettingsQuery['channel']>
export type ChannelForm = ChannelFormQuery

export function useChannels() {
  return useQuery({ queryKey: keys.channels, queryFn: ({ signal }) => request(ChannelsDocument, {}, signal) })
}

/** What each kind asks for, and what there is to be told of. */
export function useChannelForm() {
  return useQuery({ queryKey: keys.channelForm, queryFn: ({ signal }) => request(ChannelFormDocument, {}, signal) })
}

/** Only administrators get an answer. */
export function useChannelSettings(id: string) {
  return useQuery({
    queryKey: keys.channel(id),
    queryFn: ({ signal }) => request(ChannelSettingsDocument, { id }, signal),
    select: (data) => data.channel ?? null,
  })
}

export function useCreateChannel() {
  const refresh = useRefresh()
  return useMutation({
    mutationFn: async (input: CreateChannelInput) => (await request(CreateChannelDocument, { input })).createChannel,
    onSuccess: refresh,
  })
}

export function useUpdateChannel() {
  const refresh = useRefresh()
  return useMutation({
    mutationFn: async (input: UpdateChannelInput) => (await request(UpdateChannelDocument, { input })).updateChannel,
    onSuccess: refresh,
  })
}

export function useDeleteChannel() {
  const refresh = useRefresh()
  return useMutation({
    mutationFn: async (id: string) => (await request(DeleteChannelDocument, { id })).deleteChannel,
    onSuccess: refresh,
  })
}

export function useTestChannel() {
  const client = useQueryClient()
  return useMutation({
    mutationFn: async (id: string) => (await request(TestChannelDocument, { id })).testChannel,
    onSuccess: () => client.invalidateQueries({ queryKey: keys.notifications }),
  })
}

function useRefresh() {
  const client = useQueryClient()
  return () => client.invalidateQueries({ queryKey: keys.channels })
}
