import { problemIn } from '#app/_data/problem.ts'
import type { useTestRepository } from '#app/_data/repository-changes.ts'
import { asProblem, Notice, ProblemNotice } from '#app/_ui/notice.tsx'
import type { RepositoryPlaceState } from '#graphql/documents/generated/graphql.ts'

const whenMaking: Record<RepositoryPlaceState, { tone: 'good' | 'warn'; title: string; what: string }> = {
  ABSENT: {
    tone: 'good',
    title: 'The place answers, and a repository can be made there.',
    what: 'Nothing was written yet.',
  },
  EXISTS: {
    tone: 'warn',
    title: 'A repository is there already.',
    what: 'Choose “Connect one that exists” and give its password, or choose another place.',
  },
  OPENS: {
    tone: 'warn',
    title: 'A repository is there already, and this password opens it.',
    what: 'Choose “Connect one that exists”, or choose another place.',
  },
}

const whenConnecting: typeof whenMaking = {
  ABSENT: {
    tone: 'warn',
    title: 'The place answers, but no repository is there.',
    what: 'Check the settings, or choose “Make a new one”.',
  },
  EXISTS: { tone: 'warn', title: 'A repository is there.', what: 'Give its password to see whether it opens.' },
  OPENS: { tone: 'good', title: 'A repository is there, and the password opens it.', what: 'It can be connected.' },
}

/** What a look at the place found, in words that fit what is to be done with it. */
export function PlaceResult({ test, existing }: { test: ReturnType<typeof useTestRepository>; existing: boolean }) {
  const problem = problemIn(test.data, test.error)
  if (problem) return <ProblemNotice problem={asProblem(problem)} />
  if (test.data?.__typename !== 'TestRepositorySuccess') return null
  const { state, location } = test.data
  const { tone, title, what } = (existing ? whenConnecting : whenMaking)[state]
  return (
    <Notice tone={tone} title={title}>
      <p>{what}</p>
      <p className="mt-1 font-mono text-label text-ink-soft wrap-anywhere">{location}</p>
    </Notice>
  )
}
