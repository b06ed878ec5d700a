'use client'

import { usePathname, useRouter } from 'next/navigation'
import { signOut } from 'next-auth/react'
import { type ReactNode, useEffect } from 'react'
import { ApiError } from '#app/_data/fetcher.ts'
import { useViewer } from '#app/_data/viewer.ts'
import { Shell } from '#app/_ui/shell.tsx'
import { Answered } from '#app/_ui/waiting.tsx'

/** The frame of every page for people who are signed in; leads everybody else to the sign-in page. */
export default function ConsoleLayout({ children }: { children: ReactNode }) {
  const viewer = useViewer()
  const path = usePathname()
  const router = useRouter()
  const signedOut = viewer.error instanceof ApiError && viewer.error.code === 'UNAUTHENTICATED'

  useEffect(() => {
    if (signedOut) router.replace(`/sign-in?next=${encodeURIComponent(path + window.location.search)}`)
  }, [signedOut, path, router])

  return (
    <Shell viewer={viewer.data} onSignOut={() => void leave()}>
      {signedOut ? <p role="status">Nobody is signed in. Leading you to the sign-in page …</p> : null}
      {signedOut ? null : <Answered answer={viewer}>{() => children}</Answered>}
    </Shell>
  )
}

/** By ourselves: next-auth's own redirect goes to the address it guesses for the server. */
async function leave(): Promise<void> {
  await signOut({ redirect: false })
  window.location.assign('/sign-in')
}
