import { z } from 'zod'
import { triggerInput } from '#lib/backups/input.ts'
import { CodedError } from '#lib/errors/coded-error.ts'

const types = { database: 'DATABASE', user_data: 'USER_DATA', storage: 'STORAGE', full: 'FULL' } as const

const body = z
  .strictObject({
    type: z.enum(['database', 'user_data', 'storage', 'full'], 'must be database, user_data, storage or full'),
    description: z.string().optional(),
    database_name: z.string().optional(),
    storage_path: z.string().optional(),
    environment: z.string().optional(),
    compression_level: triggerInput.shape.compressionLevel,
    retention_policy: triggerInput.shape.retentionDays,
    notification_enabled: triggerInput.shape.notificationEnabled,
    log_verbosity: triggerInput.shape.logVerbosity,
  })
  .superRefine((input, context) => {
    if (input.database_name !== undefined && input.type !== 'database')
      context.addIssue({ code: 'custom', path: ['database_name'], message: 'only goes with type database' })
    if (input.storage_path !== undefined && input.type !== 'storage')
      context.addIssue({ code: 'custom', path: ['storage_path'], message: 'only goes with type storage' })
  })

export type TriggerRequest = z.infer<typeof body>

const MAX_BYTES = 64 * 1024

/** Reads the body of POST /api/trigger-backup. Throws INPUT_INVALID naming each parameter that is wrong, missing or not known. */
export async function readTriggerRequest(request: Request): Promise<TriggerRequest> {
  if (!/^application\/json\b/i.test(request.headers.get('content-type') ?? ''))
    throw invalid([{ path: 'content-type', problem: 'must be application/json' }])
  const text = await readLimited(request)
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch {
    throw invalid([{ path: 'body', problem: 'is not valid JSON' }])
  }
  const parsed = body.safeParse(json)
  if (parsed.success) return parsed.data
  throw invalid(
    parsed.error.issues.map((issue) =>
      issue.code === 'unrecognized_keys'
        ? { path: issue.keys.join(', '), problem: 'is not a known parameter' }
        : { path: issue.path.join('.'), problem: issue.message },
    ),
  )
}

/** Stops reading at the limit, whatever the sender claims about the length. */
async function readLimited(request: Request): Promise<string> {
  const chunks: Uint8Array[] = []
  let bytes = 0
  for await (const chunk of request.body ?? []) {
    bytes += chunk.byteLength
    if (bytes > MAX_BYTES) throw invalid([{ path: 'body', problem: `may have at most ${MAX_BYTES} bytes` }])
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}

/** In the product's own words. */
export function toTriggerInput(request: TriggerRequest): Record<string, unknown> {
  const input = {
    type: types[request.type],
    environments: request.environment === undefined ? undefined : [request.environment],
    description: request.description,
    databaseName: request.database_name,
    storagePath: request.storage_path,
    compressionLevel: request.compression_level,
    retentionDays: request.retention_policy,
    notificationEnabled: request.notification_enabled,
    logVerbosity: request.log_verbosity,
  }
  return Object.fromEntries(Object.entries(input).filter(([, value]) => value !== undefined))
}

function invalid(issues: { path: string; problem: string }[]): CodedError {
  return new CodedError('INPUT_INVALID', { issues })
}
