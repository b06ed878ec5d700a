import { ButtonLink } from '#app/_ui/button.tsx'

export default function NotFound() {
  return (
    <main className="mx-auto grid min-h-dvh max-w-md content-center justify-items-start gap-3 px-6">
      <h1 className="text-title font-semibold">There is no such page</h1>
      <p className="text-ink-soft">The address may be mistyped, or what it led to is gone.</p>
      <ButtonLink href="/" look="main">
        To the overview
      </ButtonLink>
    </main>
  )
}
