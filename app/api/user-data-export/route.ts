import { answerError } from '#app/api/_http/answer.ts'
import { answerDownload } from '#app/api/_http/answer-download.ts'
import { factsOf } from '#app/api/_http/request.ts'
import { viewer } from '#lib/auth/viewer.ts'
import { exportPersonOf } from '#lib/environments/export-person.ts'
import { runtime } from '#lib/runtime/runtime.ts'

export const dynamic = 'force-dynamic'

/** One person's data as a ZIP, for a data-subject request: ?source=<id>&person=<id>. */
export async function GET(request: Request): Promise<Response> {
  const deps = runtime()
  try {
    const actor = await viewer(deps, factsOf(request))
    const asked = Object.fromEntries(new URL(request.url).searchParams)
    const { zip, filename } = await exportPersonOf(deps, actor, asked, request.signal)
    return answerDownload({ content: zip, filename, type: 'application/zip' })
  } catch (error) {
    return answerError(error, deps.log)
  }
}

/** Next would make the whole ZIP and throw it away. */
export function HEAD(): Response {
  return new Response(null, { status: 405, headers: { allow: 'GET' } })
}
