import { useMutation, useQueryClient } from '@tanstack/react-query'
import { request } from '#app/_data/fetcher.ts'
import { keys } from '#app/_data/keys.ts'
import { useLook } from '#app/_data/look.ts'
import {
  AdoptRepositoryDocument,
  CancelRepositoryTaskDocument,
  ChangeRepositoryPasswordDocument,
  CopyMissingDocument,
  CreateRepositoryDocument,
  type CreateRepositoryInput,
  MakeRepositoryDefaultDocument,
  RecoveryKitDocument,
  RemoveRepositoryDocument,
  RemoveRepositoryLocksDocument,
  type RemoveRepositoryLocksInput,
  SetCopyTargetDocument,
  StartRepositoryTaskDocument,
  type StartRepositoryTaskInput,
  TestRepositoryDocument,
  type TestRepositoryInput,
  UpdateRepositoryDocument,
  type UpdateRepositoryInput,
} from '#graphql/documents/generated/graphql.ts'

/** Looks at a place before it is kept; answers the result union, as all below do. */
export function useTestRepository() {
  return useLook(
    async (input: TestRepositoryInput, signal) =>
      (await request(TestRepositoryDocument, { input }, signal)).testRepository,
  )
}

export function useCreateRepository() {
  const client = useQueryClient()
  return useMutation({
    mutationFn: async (input: CreateRepositoryInput) =>
      (await request(CreateRepositoryDocument, { input })).createRepository,
    onSuccess: () => client.invalidateQueries({ queryKey: keys.repositories }),
  })
}

/** Name, place or options; the place is looked at first. */
export function useUpdateRepository(id: string) {
  const client = useQueryClient()
  const refresh = useRefresh(id)
  return useMutation({
    mutationFn: async (input: Omit<UpdateRepositoryInput, 'id'>) =>
      (await request(UpdateRepositoryDocument, { input: { ...input, id } })).updateRepository,
    onSuccess: async ({ __typename }) => {
      if (__typename === 'Problem') return
      await refresh()
      await client.invalidateQueries({ queryKey: keys.repositorySettings(id) })
    },
  })
}

export function useMakeRepositoryDefault(id: string) {
  const client = useQueryClient()
  return useMutation({
    mutationFn: async () => (await request(MakeRepositoryDefaultDocument, { id })).makeRepositoryDefault,
    // Another one is not the default any more, and sources may be saved elsewhere.
    onSuccess: () =>
      Promise.all([
        client.invalidateQueries({ queryKey: keys.repositories }),
        client.invalidateQueries({ queryKey: keys.repository(id) }),
        client.invalidateQueries({ queryKey: keys.sources }),
      ]),
  })
}

export function useRemoveRepository(id: string) {
  const client = useQueryClient()
  return useMutation({
    mutationFn: async () => (await request(RemoveRepositoryDocument, { id })).removeRepository,
    onSuccess: () => client.invalidateQueries({ queryKey: keys.repositories }),
  })
}

/** Each call is noted in the audit log. The answer is forgotten with the page that asked. */
export function useRecoveryKit(id: string) {
  const refresh = useRefresh(id)
  return useMutation({
    mutationFn: async () => (await request(RecoveryKitDocument, { id })).recoveryKit,
    onSuccess: refresh,
    gcTime: 0,
  })
}

export function useStartTask(id: string) {
  const refresh = useRefresh(id)
  return useMutation({
    mutationFn: async (input: Omit<StartRepositoryTaskInput, 'repositoryId'>) =>
      (await request(StartRepositoryTaskDocument, { input: { ...input, repositoryId: id } })).startRepositoryTask,
    onSuccess: refresh,
  })
}

/** Of a task of the repository `id`. */
export function useCancelTask(id: string) {
  const refresh = useRefresh(id)
  return useMutation({
    mutationFn: async (taskId: string) =>
      (await request(CancelRepositoryTaskDocument, { id: taskId })).cancelRepositoryTask,
    onSuccess: refresh,
  })
}

/** Queues the change of the repository's password. */
export function useChangePassword(id: string) {
  const refresh = useRefresh(id)
  return useMutation({
    mutationFn: async (password: string) =>
      (await request(ChangeRepositoryPasswordDocument, { id, ...(password === '' ? {} : { password }) }))
        .changeRepositoryPassword,
    onSuccess: refresh,
    gcTime: 0,
  })
}

/** Where copies of its snapshots go from now on; null: nowhere. */
export function useSetCopyTarget(id: string) {
  const refresh = useRefresh(id)
  return useMutation({
    mutationFn: async (targetId: string | null) =>
      (await request(SetCopyTargetDocument, { input: { repositoryId: id, targetId } })).setCopyTarget,
    onSuccess: refresh,
  })
}

/** Queues the copies that are missing. */
export function useCopyMissing(id: string) {
  const refresh = useRefresh(id)
  return useMutation({
    mutationFn: async () => (await request(CopyMissingDocument, { id })).copyMissing,
    onSuccess: refresh,
  })
}

/** Shows what is in it as history, and the sources that it came from. */
export function useAdoptRepository(id: string) {
  const client = useQueryClient()
  return useMutation({
    mutationFn: async () => (await request(AdoptRepositoryDocument, { id })).adoptRepository,
    // Sources, environments, backups and snapshots may all be new.
    onSuccess: () => client.invalidateQueries(),
  })
}

/** Removes locks of programs that somebody knows to be dead. */
export function useRemoveLocks(id: string) {
  const client = useQueryClient()
  return useMutation({
    mutationFn: async (input: Omit<RemoveRepositoryLocksInput, 'repositoryId'>) =>
      (await request(RemoveRepositoryLocksDocument, { input: { ...input, repositoryId: id } })).removeRepositoryLocks,
    onSuccess: () => client.invalidateQueries({ queryKey: keys.repositoryLocks(id) }),
  })
}

function useRefresh(id: string): () => Promise<void> {
  const client = useQueryClient()
  return async () => {
    await client.invalidateQueries({ queryKey: keys.repository(id) })
    await client.invalidateQueries({ queryKey: keys.repositories })
  }
}
