import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { request } from '#app/_data/fetcher.ts'
import { keys } from '#app/_data/keys.ts'
import {
  CreateEnvironmentDocument,
  type CreateEnvironmentInput,
  DeleteEnvironmentDocument,
  EnvironmentSettingsDocument,
  type EnvironmentSettingsQuery,
  UpdateEnvironmentDocument,
  type UpdateEnvironmentInput,
} from '#graphql/documents/generated/graphql.ts'

export type EnvironmentItem = EnvironmentSettingsQuery['environments'][number]

const POLL_MS = 10_000

/** All environments with their settings, and whether a worker serves them now. */
export function useEnvironmentSettings() {
  return useQuery({
    queryKey: keys.environmentSettings,
    queryFn: ({ signal }) => request(EnvironmentSettingsDocument, {}, signal),
    select: (data) => data.environments,
    refetchInterval: POLL_MS,
  })
}

export function useAddEnvironment() {
  const refresh = useRefresh()
  return useMutation({
    mutationFn: async (input: CreateEnvironmentInput) =>
      (await request(CreateEnvironmentDocument, { input })).createEnvironment,
    onSuccess: refresh,
  })
}

export function useUpdateEnvironment() {
  const refresh = useRefresh()
  return useMutation({
    mutationFn: async (input: UpdateEnvironmentInput) =>
      (await request(UpdateEnvironmentDocument, { input })).updateEnvironment,
    onSuccess: refresh,
  })
}

export function useDeleteEnvironment() {
  const refresh = useRefresh()
  return useMutation({
    mutationFn: async (variables: { id: string; confirmEnvironment: string }) =>
      (await request(DeleteEnvironmentDocument, variables)).deleteEnvironment,
    onSuccess: refresh,
  })
}

/** Sources carry their environment's name and colour with them. */
function useRefresh(): () => Promise<void> {
  const client = useQueryClient()
  return async () => {
    await client.invalidateQueries({ queryKey: keys.environments })
    await client.invalidateQueries({ queryKey: keys.sources })
  }
}
