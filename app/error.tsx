'use client'

import { Button } from '#app/_ui/button.tsx'

export default function ErrorPage({ reset }: { error: Error; reset: () => void }) {
  return (
    <main className="mx-auto grid min-h-[60dvh] max-w-md content-center justify-items-start gap-3 px-6">
      <h1 className="text-title font-semibold">This page ran into an error</h1>
      <p className="text-ink-soft">
        Show it again. If the error comes back, look at the server’s log. Backups that run are not touched by it.
      </p>
      <Button look="main" onClick={reset}>
        Show the page again
      </Button>
    </main>
  )
}
