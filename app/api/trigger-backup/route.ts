import { answerError } from '#app/api/_http/answer.ts'
import { factsOf } from '#app/api/_http/request.ts'
import { readTriggerRequest, toTriggerInput } from '#app/api/_http/trigger-request.ts'
import { requireScope } from '#lib/auth/actor.ts'
import { viewer } from '#lib/auth/viewer.ts'
import { triggerBackup } from '#lib/backups/trigger.ts'
import { runtime } from '#lib/runtime/runtime.ts'

export const dynamic = 'force-dynamic'

/** The plain REST door: 202 with the backup's id and where its state can be asked for. */
export async function POST(request: Request): Promise<Response> {
  const deps = runtime()
  try {
    const actor = await viewer(deps, factsOf(request))
    requireScope(actor, 'backup:trigger', 'trigger a backup') // before the body is read
    const asked = await readTriggerRequest(request)
    const backup = await triggerBackup(deps, actor, 'REST', toTriggerInput(asked))
    return Response.json(
      {
        message: `Backup of ${asked.type} initiated successfully.`,
        backup_id: backup.id,
        status_url: `${deps.publicUrl}/api/trigger-backup/${backup.id}`,
      },
      { status: 202 },
    )
  } catch (error) {
    return answerError(error, deps.log)
  }
}
