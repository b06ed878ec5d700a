import { answerError } from '#app/api/_http/answer.ts'
import { answerDownload } from '#app/api/_http/answer-download.ts'
import { factsOf } from '#app/api/_http/request.ts'
import { viewer } from '#lib/auth/viewer.ts'
import { downloadLog } from '#lib/backups/log-download.ts'
import { runtime } from '#lib/runtime/runtime.ts'

export const dynamic = 'force-dynamic'

/** The log of a backup as NDJSON: ?id=<backup>. */
export async function GET(request: Request): Promise<Response> {
  const deps = runtime()
  try {
    const asked = Object.fromEntries(new URL(request.url).searchParams)
    const download = await downloadLog(deps, await viewer(deps, factsOf(request)), asked)
    return answerDownload({ ...download, type: 'application/x-ndjson' })
  } catch (error) {
    return answerError(error, deps.log)
  }
}

/** Next would make all of it and throw it away. */
export function HEAD(): Response {
  return new Response(null, { status: 405, headers: { allow: 'GET' } })
}
