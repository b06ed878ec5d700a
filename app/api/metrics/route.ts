import { answerError } from '#app/api/_http/answer.ts'
import { factsOf } from '#app/api/_http/request.ts'
import { requireScope } from '#lib/auth/actor.ts'
import { viewer } from '#lib/auth/viewer.ts'
import { collectMetrics } from '#lib/metrics/collect.ts'
import { runtime } from '#lib/runtime/runtime.ts'

export const dynamic = 'force-dynamic'

/** Prometheus’ text format, for who comes with an API token. */
export async function GET(request: Request): Promise<Response> {
  const deps = runtime()
  try {
    requireScope(await viewer(deps, factsOf(request)), 'backup:read', 'read the metrics')
    const text = await collectMetrics(deps)
    return new Response(text, {
      headers: { 'content-type': deps.metrics.registry.contentType, 'cache-control': 'no-store' },
    })
  } catch (error) {
    return answerError(error, deps.log)
  }
}
