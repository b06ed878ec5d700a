import { useMutation, useQueryClient } from '@tanstack/react-query'
import { request } from '#app/_data/fetcher.ts'
import {
  ApplyConfigurationDocument,
  type ApplyConfigurationInput,
  ConfigurationDiffDocument,
  type ConfigurationDiffFieldsFragment,
  type ConfigurationDiffInput,
  ConfigurationReferencesDocument,
  ExportConfigurationDocument,
} from '#graphql/documents/generated/graphql.ts'

export type ConfigurationDiff = ConfigurationDiffFieldsFragment

/** The configuration as it is now, as YAML. */
export function useExportConfiguration() {
  return useMutation({ mutationFn: async () => (await request(ExportConfigurationDocument, {})).configuration.yaml })
}

/** What a file would change, and the secrets that it refers to, as “NAME” or a path. */
export function useCompareConfiguration() {
  return useMutation({
    mutationFn: async (input: ConfigurationDiffInput) => {
      const { configurationReferences } = await request(ConfigurationReferencesDocument, { yaml: input.yaml })
      const { configurationDiff } = await request(ConfigurationDiffDocument, { input })
      return { references: configurationReferences, diff: configurationDiff }
    },
  })
}

/** Everything on every page may be another afterwards. */
export function useApplyConfiguration() {
  const client = useQueryClient()
  return useMutation({
    mutationFn: async (input: ApplyConfigurationInput) =>
      (await request(ApplyConfigurationDocument, { input })).applyConfiguration,
    onSettled: () => client.invalidateQueries(),
  })
}
