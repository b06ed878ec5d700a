import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { request } from '#app/_data/fetcher.ts'
import { keys } from '#app/_data/keys.ts'
import { useLook } from '#app/_data/look.ts'
import {
  CreateEnvironmentDocument,
  CreateSourceDocument,
  type CreateSourceInput,
  DeleteSourceDocument,
  DisableSourceDocument,
  DiscoverSourceDocument,
  EnableSourceDocument,
  PreviewSourceDocument,
  type SourceCandidateInput,
  SourceDocument,
  SourceKindsDocument,
  type SourceKindsQuery,
  type SourceQuery,
  TestSourceDocument,
  UpdateSourceDocument,
  type UpdateSourceInput,
} from '#graphql/documents/generated/graphql.ts'

export type SourceKindItem = SourceKindsQuery['sourceKinds'][number]
export type SourceDetail = NonNullable<SourceQuery['source']>

/** The kinds that can be added, with their forms. They change with the program only. */
export function useSourceKinds() {
  return useQuery({
    queryKey: keys.sourceKinds,
    queryFn: ({ signal }) => request(SourceKindsDocument, {}, signal),
    select: (data) => data.sourceKinds,
    staleTime: Number.POSITIVE_INFINITY,
  })
}

/** One source with its settings; null when there is none. Read afresh whenever it is opened, and then left alone: a form that somebody fills in must not change. */
export function useSource(id: string) {
  return useQuery({
    queryKey: keys.source(id),
    queryFn: ({ signal }) => request(SourceDocument, { id }, signal),
    select: (data) => data.source,
    staleTime: 0,
    gcTime: 0,
    refetchOnWindowFocus: false,
    refetchOnReconnect: false,
  })
}

/** Adds an environment; answers the result union, as all below do. */
export function useCreateEnvironment() {
  const client = useQueryClient()
  return useMutation({
    mutationFn: async (input: { name: string; protected: boolean }) =>
      (await request(CreateEnvironmentDocument, { input })).createEnvironment,
    onSuccess: () => client.invalidateQueries({ queryKey: keys.environments }),
  })
}

/** Adds a source after the server has looked at it. */
export function useCreateSource() {
  const client = useQueryClient()
  return useMutation({
    mutationFn: async (input: CreateSourceInput) => (await request(CreateSourceDocument, { input })).createSource,
    onSuccess: () => client.invalidateQueries({ queryKey: keys.sources }),
  })
}

export function useUpdateSource() {
  const refresh = useRefresh()
  return useMutation({
    mutationFn: async (input: UpdateSourceInput & { id: string }) =>
      (await request(UpdateSourceDocument, { input })).updateSource,
    onSuccess: (_answer, { id }) => refresh(id),
  })
}

export function useSwitchSource(id: string) {
  const refresh = useRefresh()
  return useMutation({
    mutationFn: async (enabled: boolean) =>
      enabled
        ? (await request(EnableSourceDocument, { id })).enableSource
        : (await request(DisableSourceDocument, { id })).disableSource,
    onSuccess: () => refresh(id),
  })
}

export function useDeleteSource(id: string) {
  const client = useQueryClient()
  return useMutation({
    mutationFn: async (confirmEnvironment: string) =>
      (await request(DeleteSourceDocument, { id, confirmEnvironment })).deleteSource,
    onSuccess: () => client.invalidateQueries({ queryKey: keys.sources }),
  })
}

function useRefresh(): (id: string) => Promise<void> {
  const client = useQueryClient()
  return async (id) => {
    await client.invalidateQueries({ queryKey: keys.source(id) })
    await client.invalidateQueries({ queryKey: keys.sources })
  }
}

/** Looking at a source before it is kept. */
export function useTestSource() {
  return useLook(
    async (input: SourceCandidateInput, signal) => (await request(TestSourceDocument, { input }, signal)).testSource,
  )
}

export function useDiscoverSource() {
  return useLook(
    async (input: SourceCandidateInput, signal) =>
      (await request(DiscoverSourceDocument, { input }, signal)).discoverSource,
  )
}

export function usePreviewSource() {
  return useLook(
    async (input: SourceCandidateInput, signal) =>
      (await request(PreviewSourceDocument, { input }, signal)).previewSource,
  )
}
