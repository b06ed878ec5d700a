import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { request } from '#app/_data/fetcher.ts'
import { keys } from '#app/_data/keys.ts'
import {
  OptionsDocument,
  type OptionsQuery,
  SetOptionDocument,
  type SetOptionInput,
} from '#graphql/documents/generated/graphql.ts'

export type Option = OptionsQuery['options'][number]

export function useOptions() {
  return useQuery({
    queryKey: keys.options,
    queryFn: ({ signal }) => request(OptionsDocument, {}, signal),
    select: (data) => data.options,
  })
}

export function useSetOption() {
  const client = useQueryClient()
  return useMutation({
    mutationFn: async (input: SetOptionInput) => (await request(SetOptionDocument, { input })).setOption,
    // What is shown elsewhere may follow from it: defaults of plans, whether mails are sent.
    onSuccess: () =>
      Promise.all(
        [keys.options, keys.planDefaults, keys.notificationSettings].map((queryKey) =>
          client.invalidateQueries({ queryKey }),
        ),
      ),
  })
}
