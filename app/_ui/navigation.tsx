'use client'

import {
  Archive,
  ArchiveRestore,
  Bell,
  CalendarClock,
  ChartColumn,
  Database,
  HardDrive,
  LayoutList,
  type LucideIcon,
  Settings2,
  ShieldCheck,
} from 'lucide-react'
import Link from 'next/link'
import { usePathname } from 'next/navigation'

const places: { href: string; word: string; Icon: LucideIcon }[] = [
  { href: '/', word: 'Overview', Icon: LayoutList },
  { href: '/backups', word: 'Backups', Icon: Archive },
  { href: '/restores', word: 'Restores', Icon: ArchiveRestore },
  { href: '/verifications', word: 'Verifications', Icon: ShieldCheck },
  { href: '/plans', word: 'Plans', Icon: CalendarClock },
  { href: '/sources', word: 'Sources', Icon: Database },
  { href: '/repositories', word: 'Repositories', Icon: HardDrive },
  { href: '/statistics', word: 'Statistics', Icon: ChartColumn },
  { href: '/notifications', word: 'Notifications', Icon: Bell },
  { href: '/settings', word: 'Settings', Icon: Settings2 },
]

/** A column beside the page on wide screens, a row at the bottom edge on narrow ones, to be moved sideways where it is wider. */
export function Navigation() {
  const path = usePathname()
  return (
    <nav
      aria-label="Console"
      className="on-rail max-lg:fixed max-lg:inset-x-0 max-lg:bottom-0 max-lg:z-30 max-lg:bg-rail max-lg:pb-[env(safe-area-inset-bottom)]"
    >
      <ul className="grid max-lg:auto-cols-[minmax(4.25rem,1fr)] max-lg:grid-flow-col max-lg:overflow-x-auto lg:gap-0.5 lg:px-3">
        {places.map(({ href, word, Icon }) => {
          const here = href === '/' ? path === '/' : path.startsWith(href)
          return (
            <li key={href}>
              <Link
                href={href}
                aria-current={here ? 'page' : undefined}
                className={`flex min-h-10 items-center gap-3 max-lg:min-h-14 max-lg:flex-col max-lg:justify-center max-lg:gap-1 max-lg:border-t-2 max-lg:text-[0.625rem] max-lg:leading-4 lg:rounded-control lg:px-3 ${
                  here
                    ? 'border-rail-mark font-medium text-rail-ink lg:bg-rail-hover'
                    : 'border-transparent text-rail-soft hover:bg-rail-hover hover:text-rail-ink'
                }`}
              >
                <Icon aria-hidden className={`size-4.5 shrink-0 ${here ? 'text-rail-mark' : ''}`} />
                {word}
              </Link>
            </li>
          )
        })}
      </ul>
    </nav>
  )
}
