import type { Metadata } from 'next'
import { Suspense } from 'react'
import { ProductMark } from '#app/_ui/mark.tsx'
import { SignInForm } from '#app/sign-in/sign-in-form.tsx'

export const metadata: Metadata = { title: 'Sign in' }

export default function SignInPage() {
  return (
    <div className="grid min-h-dvh lg:grid-cols-[26rem_1fr]">
      <header className="flex flex-col justify-between gap-6 bg-rail px-6 py-6 text-rail-ink lg:p-10">
        <p className="flex items-center gap-3 font-semibold tracking-tight">
          <ProductMark className="size-7 text-rail-ink" />
          System Backup Trigger
        </p>
        <p className="max-w-[34ch] text-rail-soft lg:text-lead">
          Back up databases, user data and file storage the moment you need it, and watch it happen.
        </p>
      </header>
      <main className="grid content-start justify-items-center px-6 py-10 lg:content-center">
        <div className="w-full max-w-sm">
          <h1 className="mb-5 text-title font-semibold tracking-tight">Sign in</h1>
          <Suspense>
            <SignInForm />
          </Suspense>
        </div>
      </main>
    </div>
  )
}
