import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { request } from '#app/_data/fetcher.ts'
import { keys } from '#app/_data/keys.ts'
import {
  CreateLogRuleDocument,
  type CreateLogRuleInput,
  DeleteLogRuleDocument,
  LogRulesDocument,
  type LogRulesQuery,
} from '#graphql/documents/generated/graphql.ts'

export type LogRuleItem = LogRulesQuery['logRules'][number]
export type UnknownLine = LogRulesQuery['unknownLogLines'][number]

/** Our own rules, and what no rule knows. */
export function useLogRules() {
  return useQuery({
    queryKey: keys.logRules,
    queryFn: ({ signal }) => request(LogRulesDocument, {}, signal),
  })
}

/** A refusal is an answer of type Problem, not an error. */
export function useCreateLogRule() {
  const client = useQueryClient()
  return useMutation({
    mutationFn: async (input: CreateLogRuleInput) => (await request(CreateLogRuleDocument, { input })).createLogRule,
    onSuccess: () => client.invalidateQueries({ queryKey: keys.logRules }),
  })
}

export function useDeleteLogRule() {
  const client = useQueryClient()
  return useMutation({
    mutationFn: async (id: string) => (await request(DeleteLogRuleDocument, { id })).deleteLogRule,
    onSuccess: () => client.invalidateQueries({ queryKey: keys.logRules }),
  })
}
