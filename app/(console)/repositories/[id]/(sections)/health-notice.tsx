import type { RepositoryDetail } from '#app/_data/repositories.ts'
import { ButtonLink } from '#app/_ui/button.tsx'
import { Notice, ProblemNotice } from '#app/_ui/notice.tsx'
import { isAlarming } from '#app/_ui/state.tsx'

/** What is not well with it, and where to see to it. */
export function HealthNotice({ repository }: { repository: RepositoryDetail }) {
  const { id, health, problem } = repository
  if (health.isWell) return null
  if (health.state === 'UNREACHABLE' && problem) return <ProblemNotice problem={problem} urgent={false} />
  return (
    <Notice
      tone={isAlarming(health.state) ? 'bad' : 'warn'}
      title={health.sentence}
      action={
        health.state === 'FULL' || health.state === 'NOT_MADE' ? null : (
          <ButtonLink href={`/repositories/${id}/upkeep`} size="small">
            To its upkeep
          </ButtonLink>
        )
      }
    />
  )
}
