'use client'

import { useSearchParams } from 'next/navigation'
import { signIn } from 'next-auth/react'
import { type FormEvent, useState } from 'react'
import { Button } from '#app/_ui/button.tsx'
import { Field, Input } from '#app/_ui/field.tsx'
import { Notice } from '#app/_ui/notice.tsx'

interface Refusal {
  title: string
  remedy: string
}

const refusals: Record<string, Refusal> = {
  SIGN_IN_FAILED: {
    title: 'The email address or the password is wrong.',
    remedy: 'Check both and try again.',
  },
  SIGN_IN_THROTTLED: {
    title: 'Too many failed sign-ins.',
    remedy: 'Wait a minute and try again.',
  },
}

const otherRefusal: Refusal = {
  title: 'The sign-in did not work.',
  remedy: 'Try again. If it happens again, look at the server’s log.',
}

/** Only a path of this console: an address from elsewhere in `next` must not lead people away. */
export function safeNext(next: string | null): string {
  return next && /^\/(?![/\\])/.test(next) ? next : '/'
}

export function SignInForm() {
  const next = safeNext(useSearchParams().get('next'))
  const [email, setEmail] = useState('')
  const [password, setPassword] = useState('')
  const [busy, setBusy] = useState(false)
  const [refusal, setRefusal] = useState<Refusal | null>(null)

  async function submit(event: FormEvent): Promise<void> {
    event.preventDefault()
    setBusy(true)
    setRefusal(null)
    try {
      const result = await signIn('credentials', { email, password, redirect: false })
      if (result && !result.error) {
        // A full page load, so that nothing of another person stays in the cache.
        window.location.assign(next)
        return
      }
      setRefusal(refusals[result?.error ?? ''] ?? otherRefusal)
    } catch {
      setRefusal({ title: 'The server does not answer.', remedy: 'Check your connection and that the server runs.' })
    }
    setBusy(false)
  }

  return (
    <form onSubmit={submit} data-tight className="grid gap-4">
      {refusal ? (
        <Notice tone="bad" title={refusal.title} urgent>
          {refusal.remedy}
        </Notice>
      ) : null}
      <Field label="Email address" htmlFor="email">
        <Input
          id="email"
          type="email"
          autoComplete="username"
          required
          value={email}
          onChange={(event) => setEmail(event.target.value)}
        />
      </Field>
      <Field label="Password" htmlFor="password">
        <Input
          id="password"
          type="password"
          autoComplete="current-password"
          required
          value={password}
          onChange={(event) => setPassword(event.target.value)}
        />
      </Field>
      <Button type="submit" look="main" size="large" disabled={busy}>
        {busy ? 'Signing in …' : 'Sign in'}
      </Button>
    </form>
  )
}
