import { readiness } from '#lib/runtime/readiness.ts'
import { runtime } from '#lib/runtime/runtime.ts'

export const dynamic = 'force-dynamic'

/** Live and ready in one answer. 503 while something that a backup needs is missing. */
export async function GET(): Promise<Response> {
  const report = await readiness(runtime())
  return Response.json({ live: true, ...report }, { status: report.ready ? 200 : 503 })
}
