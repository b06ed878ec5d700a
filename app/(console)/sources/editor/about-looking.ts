import type { Problem } from '#app/_data/problem.ts'

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
