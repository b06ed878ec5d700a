import { keepPreviousData, useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { request } from '#app/_data/fetcher.ts'
import { keys } from '#app/_data/keys.ts'
import {
  CreatePlanDocument,
  type CreatePlanInput,
  DeletePlanDocument,
  PausePlanDocument,
  type PausePlanInput,
  PlanDefaultsDocument,
  PlanDocument,
  type PlanQuery,
  PlansDocument,
  type PlansQuery,
  ResumePlanDocument,
  RunPlanDocument,
  SchedulePreviewDocument,
  UpdatePlanDocument,
  type UpdatePlanInput,
} from '#graphql/documents/generated/graphql.ts'

export type PlanItem = PlansQuery['plans'][number]
export type PlanDetail = NonNullable<PlanQuery['plan']>

const POLL_MS = 15_000

export function usePlans() {
  return useQuery({
    queryKey: keys.plans,
    queryFn: ({ signal }) => request(PlansDocument, {}, signal),
    select: (data) => data.plans,
    refetchInterval: POLL_MS,
  })
}

export function usePlan(id: string) {
  return useQuery({
    queryKey: keys.plan(id),
    queryFn: ({ signal }) => request(PlanDocument, { id }, signal),
    select: (data) => data.plan ?? null,
    refetchInterval: POLL_MS,
  })
}

/** What a new plan has where nothing else is said. */
export function usePlanDefaults() {
  return useQuery({
    queryKey: keys.planDefaults,
    queryFn: ({ signal }) => request(PlanDefaultsDocument, {}, signal),
    select: (data) => data.planDefaults as Pick<PlanItem, 'schedule' | 'selection' | 'retention'>,
    staleTime: Number.POSITIVE_INFINITY,
  })
}

/** A schedule in words with its next times, or what is wrong with it. */
export function useSchedulePreview(schedule: string, timeZone: string) {
  return useQuery({
    queryKey: keys.schedulePreview(schedule, timeZone),
    queryFn: ({ signal }) => request(SchedulePreviewDocument, { schedule, timeZone }, signal),
    select: (data) => data.schedulePreview,
    enabled: schedule.trim() !== '',
    placeholderData: keepPreviousData,
  })
}

function usePlanMutation<Variables, Answer>(mutationFn: (variables: Variables) => Promise<Answer>) {
  const client = useQueryClient()
  return useMutation({ mutationFn, onSuccess: () => client.invalidateQueries({ queryKey: keys.plans }) })
}

export const useCreatePlan = () =>
  usePlanMutation(async (input: CreatePlanInput) => (await request(CreatePlanDocument, { input })).createPlan)
export const useUpdatePlan = () =>
  usePlanMutation(async (input: UpdatePlanInput) => (await request(UpdatePlanDocument, { input })).updatePlan)
export const useDeletePlan = () =>
  usePlanMutation(
    async (variables: { id: string; confirmEnvironment: string[] }) =>
      (await request(DeletePlanDocument, variables)).deletePlan,
  )
export const usePausePlan = () =>
  usePlanMutation(async (input: PausePlanInput) => (await request(PausePlanDocument, { input })).pausePlan)
export const useResumePlan = () =>
  usePlanMutation(async (id: string) => (await request(ResumePlanDocument, { id })).resumePlan)
export const useRunPlan = () => usePlanMutation(async (id: string) => (await request(RunPlanDocument, { id })).runPlan)
