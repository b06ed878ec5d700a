import { answerError } from '#app/api/_http/answer.ts'
import { answerDownload } from '#app/api/_http/answer-download.ts'
import { factsOf } from '#app/api/_http/request.ts'
import { viewer } from '#lib/auth/viewer.ts'
import { downloadFromSnapshot } from '#lib/backups/download.ts'
import { runtime } from '#lib/runtime/runtime.ts'

export const dynamic = 'force-dynamic'

/** A file of a snapshot, or a folder as an archive: ?run=<id>&path=<absolute>&archive=zip|tar. */
export async function GET(request: Request): Promise<Response> {
  const deps = runtime()
  try {
    const actor = await viewer(deps, factsOf(request))
    const asked = Object.fromEntries(new URL(request.url).searchParams)
    return answerDownload(await downloadFromSnapshot(deps, actor, asked, request.signal))
  } catch (error) {
    return answerError(error, deps.log)
  }
}

/** Next would read it all and throw it away. */
export function HEAD(): Response {
  return new Response(null, { status: 405, headers: { allow: 'GET' } })
}
