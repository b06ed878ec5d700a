import { Check } from 'lucide-react'
import type { Metadata } from 'next'
import { Button, ButtonLink } from '#app/_ui/button.tsx'
import { ProductMark } from '#app/_ui/mark.tsx'
import { Notice, ProblemNotice } from '#app/_ui/notice.tsx'
import { Panel } from '#app/_ui/panel.tsx'
import { toCodedError } from '#lib/errors/coded-error.ts'
import { readAcknowledgeLink } from '#lib/notifications/acknowledge-link.ts'
import { runtime } from '#lib/runtime/runtime.ts'

export const metadata: Metadata = { title: 'Take care of it', referrer: 'no-referrer' }
export const dynamic = 'force-dynamic'

/** Behind the link of a message: says what it was about, and lets who got it say that they take care of it, without an account. */
export default async function AcknowledgePage({ searchParams }: { searchParams: Promise<{ token?: string }> }) {
  const { token = '' } = await searchParams
  const found = await readAcknowledgeLink(runtime(), String(token)).catch((thrown: unknown) => toCodedError(thrown))
  return (
    <main className="mx-auto grid min-h-dvh w-full max-w-xl content-start gap-6 px-4 py-10">
      <p className="flex items-center gap-3 font-semibold tracking-tight">
        <ProductMark className="size-7 text-accent" />
        System Backup Trigger
      </p>
      {found instanceof Error ? (
        <>
          <h1 className="text-title font-semibold tracking-tight">This link leads nowhere</h1>
          <ProblemNotice problem={{ code: found.code, message: found.message, remedy: found.remedy }} urgent={false} />
        </>
      ) : (
        <>
          <div>
            <h1 className="text-title font-semibold tracking-tight">{found.notification.subject}</h1>
            <p className="mt-1 text-ink-soft">
              Told to {found.recipient}, <Moment at={found.notification.createdAt} />
            </p>
          </div>
          <Panel>
            {found.notification.acknowledgedAt === null ? (
              <form action="/api/acknowledge" method="post" className="grid justify-items-start gap-3">
                <input type="hidden" name="token" value={token} />
                <p>Say that you take care of it, and nobody else is called.</p>
                <Button type="submit" look="main" size="large">
                  <Check aria-hidden className="size-4.5" />I take care of it
                </Button>
              </form>
            ) : (
              <Notice tone="good" title={`${found.notification.acknowledgedBy ?? 'Somebody'} takes care of it.`}>
                Since <Moment at={found.notification.acknowledgedAt} />.
              </Notice>
            )}
          </Panel>
        </>
      )}
      <p>
        <ButtonLink href="/notifications">To the console</ButtonLink>
      </p>
    </main>
  )
}

/** Of UTC: the server does not know where the reader is. */
function Moment({ at }: { at: Date }) {
  return <time dateTime={at.toISOString()}>{`${at.toISOString().slice(0, 16).replace('T', ' ')} UTC`}</time>
}
