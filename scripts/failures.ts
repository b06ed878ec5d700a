/** Writes docs/failures.md from the catalogue of errors: `node scripts/failures.ts`. */
import { writeFileSync } from 'node:fs'
import { type Code, catalogue } from '#lib/errors/catalogue.ts'
import { CodedError } from '#lib/errors/coded-error.ts'
import { examples } from './failure-examples.ts'

const whoMends = {
  input: 'The request: correct it and send it again.',
  unauthenticated: 'The caller: sign in or send a token.',
  forbidden: 'An administrator: the caller lacks a right.',
  'not-found': 'The request: it names something that is not there.',
  conflict: 'The request or the set-up: they do not fit together now.',
  limit: 'Time: wait and repeat.',
  source: 'What is backed up, or what is talked to.',
  repository: 'Where the backups go.',
  machine: 'The operator of the machine.',
  internal: 'The program: please report it.',
} satisfies Record<(typeof catalogue)[Code]['kind'], string>

const intro = `# Failures

Every error that the program shows has a code that never changes its meaning, says what happened and says what to do. The
texts below are filled with examples. This page is written by \`node scripts/failures.ts\`; a test compares it with the code.

“Later” under *a retry* means that the same attempt may succeed by itself after a while; “never” means that somebody has
to change something first.
`

export function failuresPage(): string {
  const codes = Object.keys(catalogue) as Code[]
  const sections = codes.map((code) => {
    const error = new CodedError(code, examples[code])
    return `
## ${code}

${error.message}

**What to do:** ${error.remedy}

Who can mend it: ${whoMends[error.kind]} A retry: ${error.retry}.
`
  })
  return intro + sections.join('')
}

if (import.meta.main) writeFileSync(new URL('../docs/failures.md', import.meta.url), failuresPage())
