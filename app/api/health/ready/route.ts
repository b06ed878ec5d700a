import { readiness } from '#lib/runtime/readiness.ts'
import { runtime } from '#lib/runtime/runtime.ts'

export const dynamic = 'force-dynamic'

/** 200 when everything that a backup needs is there, else 503; names what is missing by its error code only. */
export async function GET(): Promise<Response> {
  const report = await readiness(runtime())
  return Response.json(report, { status: report.ready ? 200 : 503 })
}
