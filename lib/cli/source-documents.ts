/** The client's operations on sources and the shapes they answer. */
export interface SourceItem {
  id: string
  name: string
  type: string
  kind: string
  enabled: boolean
  environment: { name: string }
  repository: { name: string } | null
  lastGoodRun: { finishedAt: string | null } | null
}

export interface SourceDetail extends SourceItem {
  settings: Record<string, unknown>
  secretsSet: string[]
}

export interface Kind {
  kind: string
  title: string
  type: string
  form: Record<string, unknown>
  secretFields: string[]
  discovery: { field: string; listField: string | null } | null
  previewable: boolean
}

export interface Tested {
  summary: string
  bytes: number | null
  warnings: string[]
  parts: string[] | null
  expectedSeconds: number | null
  tool: { name: string; version: string } | null
}

export interface Preview {
  taken: { files: number; bytes: number; examples: string[] }
  leftOut: { files: number; bytes: number; examples: { path: string; because: string }[] }
  complete: boolean
}

const fields = 'id name type kind enabled environment { name } repository { name } lastGoodRun { finishedAt }'
const problem = '... on Problem { code message remedy }'

export const sourcesDocument = `query Sources($environment: String) { sources(environment: $environment) { ${fields} } }`
export const sourceDocument = `query Source($id: ID!) { source(id: $id) { ${fields} settings secretsSet } }`
export const kindsDocument =
  '{ sourceKinds { kind title type form secretFields previewable discovery { field listField } } }'

const mutation = (name: string, argument: string, type: string, selection: string) => {
  const success = `${name[0]?.toUpperCase()}${name.slice(1)}Success`
  return `mutation ($${argument}: ${type}!) { ${name}(${argument}: $${argument}) { __typename ... on ${success} { ${selection} } ${problem} } }`
}

export const testDocument = mutation(
  'testSource',
  'input',
  'SourceCandidateInput',
  'summary bytes warnings parts expectedSeconds tool { name version }',
)
export const discoverDocument = mutation('discoverSource', 'input', 'SourceCandidateInput', 'found { name bytes }')
export const previewDocument = mutation(
  'previewSource',
  'input',
  'SourceCandidateInput',
  'taken { files bytes examples } leftOut { files bytes examples { path because } } complete',
)
export const createDocument = mutation(
  'createSource',
  'input',
  'CreateSourceInput',
  `source { ${fields} } found warnings`,
)
export const updateDocument = mutation(
  'updateSource',
  'input',
  'UpdateSourceInput',
  `source { ${fields} } found warnings`,
)
export const enableDocument = mutation('enableSource', 'id', 'ID', `source { ${fields} }`)
export const disableDocument = mutation('disableSource', 'id', 'ID', `source { ${fields} }`)
export const deleteDocument = `mutation($id: ID!, $confirmEnvironment: String) {
  result: deleteSource(id: $id, confirmEnvironment: $confirmEnvironment) {
    __typename ${problem} ... on DeleteSourceSuccess { source { ${fields} } }
  }
}`
