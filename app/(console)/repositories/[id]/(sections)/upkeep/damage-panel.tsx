import type { RepositoryDetail } from '#app/_data/repositories.ts'
import { type Damage, useRepositoryDamage } from '#app/_data/repository-looks.ts'
import { asProblem, ProblemNotice } from '#app/_ui/notice.tsx'
import { Panel } from '#app/_ui/panel.tsx'
import { FoundMark } from '#app/_ui/state.tsx'
import { When } from '#app/_ui/time.tsx'
import { RepairSteps } from './repair-steps.tsx'
import { TouchedSnapshots } from './touched-snapshots.tsx'

/** What is damaged, whose snapshots it touches, and the way out, step by step. */
export function DamagePanel({ repository }: { repository: RepositoryDetail }) {
  const answer = useRepositoryDamage(repository.id)
  const damage = answer.data
  // Not to be known is not to be whole.
  if (damage === undefined && answer.error) return <ProblemNotice problem={asProblem(answer.error)} urgent={false} />
  if (!damage) return null
  return (
    <Panel
      title={<FoundMark word="Damaged" />}
      aside={
        <span className="text-small text-ink-soft">
          Known since <When at={damage.since} />
        </span>
      }
    >
      <h3 className="mb-1 font-medium">What it touches</h3>
      <TouchedSnapshots damage={damage} />
      <Problems damage={damage} />
      <h3 className="mt-5 mb-2 font-medium">The way out</h3>
      <RepairSteps repository={repository} steps={damage.steps} />
    </Panel>
  )
}

function Problems({ damage: { problems, packs, keys } }: { damage: Damage }) {
  return (
    <details className="mt-3">
      <summary className="w-fit rounded-control py-0.5 text-small text-accent">What restic found</summary>
      <ul className="mt-1.5 grid max-h-72 gap-0.5 overflow-auto rounded-control bg-well p-3 font-mono text-label">
        {problems.map((problem) => (
          <li key={problem}>{problem}</li>
        ))}
        {packs.map((id) => (
          <li key={id}>pack {id}</li>
        ))}
        {keys.map((id) => (
          <li key={id}>key {id}</li>
        ))}
      </ul>
    </details>
  )
}
