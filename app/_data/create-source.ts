import { useMutation, useQueryClient } from '@tanstack/react-query'
import { request } from '#app/_data/fetcher.ts'
import { keys } from '#app/_data/keys.ts'
import { CreateEnvironmentDocument, CreateSourceDocument } from '#graphql/documents/generated/graphql.ts'

export interface NewSource {
  environment: string
  name: string
  kind: string
  settings: Record<string, unknown>
}

/** Adds an environment; answers the result union. */
export function useCreateEnvironment() {
  const client = useQueryClient()
  return useMutation({
    mutationFn: async (input: { name: string; protected: boolean }) =>
      (await request(CreateEnvironmentDocument, { input })).createEnvironment,
    onSuccess: () => client.invalidateQueries({ queryKey: keys.environments }),
  })
}

/** Adds a source after the server has looked at it; answers the result union. */
export function useCreateSource() {
  const client = useQueryClient()
  return useMutation({
    mutationFn: async (input: NewSource) => (await request(CreateSourceDocument, { input })).createSource,
    onSuccess: () => client.invalidateQueries({ queryKey: keys.sources }),
  })
}
