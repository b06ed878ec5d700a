import { answerError } from '#app/api/_http/answer.ts'
import { factsOf } from '#app/api/_http/request.ts'
import { viewer } from '#lib/auth/viewer.ts'
import { backupStatus } from '#lib/backups/status.ts'
import { runtime } from '#lib/runtime/runtime.ts'

export const dynamic = 'force-dynamic'

/** State and figures of one backup as plain JSON. */
export async function GET(request: Request, { params }: { params: Promise<{ id: string }> }): Promise<Response> {
  const deps = runtime()
  try {
    return Response.json(await backupStatus(deps.prisma, await viewer(deps, factsOf(request)), (await params).id))
  } catch (error) {
    return answerError(error, deps.log)
  }
}
