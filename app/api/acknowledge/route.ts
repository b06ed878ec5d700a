import { answerError } from '#app/api/_http/answer.ts'
import { factsOf } from '#app/api/_http/request.ts'
import { acknowledgeByLink } from '#lib/notifications/acknowledge-link.ts'
import { runtime } from '#lib/runtime/runtime.ts'

export const dynamic = 'force-dynamic'

/** What the page behind the link of a message sends. A link that is only opened, as mail scanners do, changes nothing. */
export async function POST(request: Request): Promise<Response> {
  const deps = runtime()
  try {
    const token = String((await request.formData()).get('token') ?? '')
    await acknowledgeByLink(deps, token, factsOf(request).address)
    const location = `/acknowledge?${new URLSearchParams({ token })}`
    return new Response(null, { status: 303, headers: { location } })
  } catch (error) {
    return answerError(error, deps.log)
  }
}
