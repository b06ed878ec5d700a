import { LogOut } from 'lucide-react'
import Link from 'next/link'
import type { ReactNode } from 'react'
import { ProductMark } from '#app/_ui/mark.tsx'
import { Navigation } from '#app/_ui/navigation.tsx'
import { ThemeToggle } from '#app/_ui/theme-toggle.tsx'
import type { Role } from '#graphql/documents/generated/graphql.ts'

const roleNames: Record<Role, string> = { VIEWER: 'Viewer', OPERATOR: 'Operator', ADMIN: 'Admin' }

interface ShellProps {
  viewer: { email: string; role: Role } | undefined
  onSignOut: () => void
  children: ReactNode
}

export function Shell({ viewer, onSignOut, children }: ShellProps) {
  return (
    <div className="min-h-dvh print:block lg:grid lg:grid-cols-[15rem_minmax(0,1fr)]">
      <a
        href="#content"
        className="sr-only focus:not-sr-only focus:fixed focus:top-2 focus:left-2 focus:z-50 focus:rounded-control focus:bg-sheet focus:px-4 focus:py-2 focus:text-ink"
      >
        Skip to the content
      </a>
      <header className="on-rail print:hidden bg-rail text-rail-ink lg:sticky lg:top-0 lg:flex lg:h-dvh lg:flex-col lg:overflow-y-auto">
        <div className="flex items-center justify-between gap-3 px-4 py-2 lg:px-6 lg:py-6">
          <Link href="/" className="flex items-center gap-3 font-semibold tracking-tight">
            <ProductMark className="size-6 shrink-0 text-rail-ink" />
            <span className="leading-5 lg:max-w-28">System Backup Trigger</span>
          </Link>
          <div className="flex items-center gap-1 lg:hidden">
            <ThemeToggle />
            <SignOut onSignOut={onSignOut} />
          </div>
        </div>
        <Navigation />
        <div className="mt-auto hidden border-t border-rail-hover px-6 py-4 lg:block">
          {viewer ? (
            <>
              <p className="text-small">{viewer.email}</p>
              <p className="text-label text-rail-soft">{roleNames[viewer.role]}</p>
            </>
          ) : null}
          <div className="-mx-2 mt-2 flex flex-wrap">
            <ThemeToggle />
            <SignOut onSignOut={onSignOut} />
          </div>
        </div>
      </header>
      <main id="content" tabIndex={-1} className="min-w-0 outline-none max-lg:pb-20">
        <div className="mx-auto w-full max-w-[82rem] px-4 py-5 print:max-w-none print:p-0 sm:px-6 lg:px-8 lg:py-7">
          {children}
        </div>
        {viewer ? (
          <p className="px-4 pb-6 text-label text-ink-soft print:hidden sm:px-6 lg:hidden">
            Signed in as {viewer.email}, {roleNames[viewer.role]}
          </p>
        ) : null}
      </main>
    </div>
  )
}

function SignOut({ onSignOut }: { onSignOut: () => void }) {
  return (
    <button
      type="button"
      onClick={onSignOut}
      className="inline-flex min-h-9 items-center gap-2 rounded-control px-2 text-small whitespace-nowrap text-rail-soft hover:bg-rail-hover hover:text-rail-ink"
    >
      <LogOut aria-hidden className="size-4" />
      Sign out
    </button>
  )
}
