import Link from 'next/link'
import { ButtonLink } from '#app/_ui/button.tsx'
import { Notice } from '#app/_ui/notice.tsx'

interface Repository {
  id: string
  name: string
  kitNeeded: boolean
  kitTakenAt: string | null
}

/** Where the kit of a repository is taken. */
export const kitPlace = (id: string): string => `/repositories/${id}#recovery-kit`

/** Insists on the recovery kits that nobody has as they are now, until they are taken. */
export function KitBanner({ repositories, mayTake }: { repositories: Repository[]; mayTake: boolean }) {
  const needed = repositories.filter((one) => one.kitNeeded)
  const [first, ...others] = needed
  if (!first) return null
  return (
    <Notice
      tone="warn"
      title={others.length === 0 ? titleOf(first) : `Nobody has the recovery kits of ${needed.length} repositories.`}
      action={
        mayTake && others.length === 0 ? (
          <ButtonLink href={kitPlace(first.id)} size="small">
            Take the recovery kit
          </ButtonLink>
        ) : null
      }
    >
      <p>
        If this program is lost, nobody can read what is saved there.{' '}
        {mayTake
          ? 'Take the kit and keep it elsewhere.'
          : 'Ask an administrator to take the kit and to keep it elsewhere.'}
      </p>
      {others.length > 0 ? (
        <ul className="mt-1 flex flex-wrap gap-x-4">
          {needed.map(({ id, name }) => (
            <li key={id}>
              <Link href={kitPlace(id)} className="text-accent underline underline-offset-2">
                {name}
              </Link>
            </li>
          ))}
        </ul>
      ) : null}
    </Notice>
  )
}

const titleOf = ({ name, kitTakenAt }: Repository): string =>
  kitTakenAt === null
    ? `Nobody has taken the recovery kit of “${name}” yet.`
    : `The recovery kit of “${name}” is out of date: its password or its place was changed.`
