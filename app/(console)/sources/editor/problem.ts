/** A refusal of the server, as every mutation may answer it. */
export interface Problem {
  code: string
  message: string
  remedy: string
  issues?: { path: string; problem: string }[]
}

/** The refusal in an answer or a thrown error; null for a success. */
export function problemIn(answer: { __typename?: string } | undefined, error: unknown): Problem | null {
  if (error) return error as Problem
  return answer?.__typename === 'Problem' ? (answer as unknown as Problem) : null
}

const notAboutTheSource = [
  'INPUT_INVALID',
  'NAME_TAKEN',
  'FORBIDDEN',
  'UNAUTHENTICATED',
  'UNEXPECTED',
  'SOURCE_UNKNOWN',
  'SOURCE_KIND_UNKNOWN',
  'ENVIRONMENT_UNKNOWN',
]

/** Whether it is about what was found when the server looked, so that saving without a look may make sense. */
export const isAboutLooking = ({ code }: Problem): boolean =>
  /^(SOURCE|PATH|SCRATCH)_/.test(code) && !notAboutTheSource.includes(code)
