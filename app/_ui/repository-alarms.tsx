import { ButtonLink } from '#app/_ui/button.tsx'
import { Notice } from '#app/_ui/notice.tsx'
import { isAlarming } from '#app/_ui/state.tsx'
import type { RepositoryFieldsFragment } from '#graphql/documents/generated/graphql.ts'

/** The repositories that backups cannot rely upon now. */
export function RepositoryAlarms({ repositories }: { repositories: RepositoryFieldsFragment[] }) {
  return repositories
    .filter(({ health }) => isAlarming(health.state))
    .map(({ id, name, health }) => (
      <Notice
        key={id}
        tone="bad"
        title={`Repository “${name}”: ${health.sentence}`}
        action={
          <ButtonLink href={`/repositories/${id}`} size="small">
            See to it
          </ButtonLink>
        }
      />
    ))
}
