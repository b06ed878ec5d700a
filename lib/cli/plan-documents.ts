/** The client's operations on plans and the shapes they answer. */
import type { Blackout } from './blackouts.ts'
import type { RunState } from './documents.ts'

export interface PlanItem {
  id: string
  name: string
  selection: Record<string, unknown>
  schedule: string | null
  scheduleInWords: string | null
  timeZone: string
  isPaused: boolean
  pausedUntil: string | null
  pauseReason: string
  dueAt: string | null
  sources: { id: string; name: string; environment: { name: string } }[]
  lastBackup: { id: string; state: RunState; createdAt: string } | null
}

export interface PlanDetail extends PlanItem {
  nextTimes: string[]
  blackouts: Blackout[]
  hooksBefore: object[]
  hooksAfter: object[]
  events: { dueAt: string; kind: string; message: string; backup: { id: string } | null }[]
}

const fields = `id name selection schedule scheduleInWords timeZone isPaused pausedUntil pauseReason dueAt
  sources { id name environment { name } } lastBackup { id state createdAt }`
const problem = '... on Problem { code message remedy }'

export const plansDocument = `{ plans { ${fields} } }`
export const planDocument = `query ($id: ID!) { plan(id: $id) { ${fields} nextTimes(first: 5) blackouts hooksBefore hooksAfter
  events(first: 10) { dueAt kind message backup { id } } } }`

const mutation = (name: string, argument: string, type: string, selection: string) => {
  const success = `${name[0]?.toUpperCase()}${name.slice(1)}Success`
  return `mutation ($${argument}: ${type}!) { ${name}(${argument}: $${argument}) { __typename ... on ${success} { ${selection} } ${problem} } }`
}
export const createPlanDocument = mutation('createPlan', 'input', 'CreatePlanInput', `plan { ${fields} }`)
export const updatePlanDocument = mutation('updatePlan', 'input', 'UpdatePlanInput', `plan { ${fields} }`)
export const pausePlanDocument = mutation('pausePlan', 'input', 'PausePlanInput', `plan { ${fields} }`)
export const resumePlanDocument = mutation('resumePlan', 'id', 'ID', `plan { ${fields} }`)
export const deletePlanDocument = `mutation ($id: ID!, $confirmEnvironment: [String!]) {
  deletePlan(id: $id, confirmEnvironment: $confirmEnvironment) { __typename ... on DeletePlanSuccess { id } ${problem} } }`
export const runPlanDocument = mutation('runPlan', 'id', 'ID', 'backup { id state }')
