/** The client's operations on the configuration and the shapes they answer. */

export interface Change {
  action: 'CREATE' | 'UPDATE' | 'DELETE'
  kind: string
  name: string
  fields: { path: string; from: string | null; to: string | null }[]
}

export interface Diff {
  changes: Change[]
  left: { kind: string; name: string; reason: string }[]
  incomplete: { name: string; missing: string[] }[]
  fingerprint: string
}

const fields = `changes { action kind name fields { path from to } }
  left { kind name reason } incomplete { name missing } fingerprint`
const problem = '... on Problem { code message remedy }'

export const configurationDocument = '{ configuration { yaml } }'
export const configurationDiffDocument = `query ($input: ConfigurationDiffInput!) {
  configurationDiff(input: $input) { __typename ... on ConfigurationDiff { ${fields} } ${problem} } }`
export const applyConfigurationDocument = `mutation ($input: ApplyConfigurationInput!) {
  applyConfiguration(input: $input) {
    __typename ... on ApplyConfigurationSuccess { applied { ${fields} } } ${problem} } }`
