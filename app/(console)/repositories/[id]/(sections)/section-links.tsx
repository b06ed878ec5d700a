import Link from 'next/link'
import { usePathname } from 'next/navigation'
import { useMayChange } from '#app/_data/viewer.ts'

const sections: { path: string; word: string; changes?: true }[] = [
  { path: '', word: 'Overview' },
  { path: '/snapshots', word: 'Snapshots' },
  { path: '/upkeep', word: 'Upkeep' },
  { path: '/settings', word: 'Settings', changes: true },
]

/** The parts of a repository, each with an address of its own. */
export function SectionLinks({ id }: { id: string }) {
  const here = usePathname()
  const mayChange = useMayChange()
  const shown = sections.filter((section) => mayChange || !section.changes)
  return (
    <nav aria-label="Of this repository" className="mb-5 border-b border-line">
      <ul className="flex flex-wrap gap-x-5">
        {shown.map(({ path, word }) => {
          const href = `/repositories/${id}${path}`
          const isHere = here === href
          return (
            <li key={path}>
              <Link
                href={href}
                aria-current={isHere ? 'page' : undefined}
                className={`-mb-px inline-flex min-h-10 items-center border-b-2 ${isHere ? 'border-accent font-medium text-ink' : 'border-transparent text-ink-soft hover:text-ink'}`}
              >
                {word}
              </Link>
            </li>
          )
        })}
      </ul>
    </nav>
  )
}
