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
