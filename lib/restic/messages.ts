import { z } from 'zod'

/*
 * restic's JSON lines, see "Scripting" in its documentation. restic leaves out fields whose value is zero, so every
 * number defaults to 0 and every text to ''. Fields that we do not use are dropped.
 */
const count = z.number().default(0)
const text = z.string().default('')

const errorMessage = z.object({
  message_type: z.literal('error'),
  error: z.object({ message: text }).default({ message: '' }),
  during: text,
  item: text,
})
const exitErrorMessage = z.object({ message_type: z.literal('exit_error'), code: count, message: text })

export const backupMessage = z.discriminatedUnion('message_type', [
  z.object({
    message_type: z.literal('status'),
    seconds_elapsed: count,
    seconds_remaining: count,
    percent_done: count,
    total_files: count,
    files_done: count,
    total_bytes: count,
    bytes_done: count,
    error_count: count,
  }),
  z.object({ message_type: z.literal('verbose_status'), action: text, item: text }),
  z.object({
    message_type: z.literal('summary'),
    files_new: count,
    files_changed: count,
    files_unmodified: count,
    data_added: count,
    data_added_packed: count,
    total_files_processed: count,
    total_bytes_processed: count,
    total_duration: count,
    snapshot_id: text,
  }),
  errorMessage,
  exitErrorMessage,
])

export const restoreMessage = z.discriminatedUnion('message_type', [
  z.object({
    message_type: z.literal('status'),
    seconds_elapsed: count,
    percent_done: count,
    total_files: count,
    files_restored: count,
    total_bytes: count,
    bytes_restored: count,
    files_skipped: count,
    bytes_skipped: count,
  }),
  z.object({ message_type: z.literal('verbose_status'), action: text, item: text, size: count }),
  z.object({
    message_type: z.literal('summary'),
    total_files: count,
    files_restored: count,
    files_skipped: count,
    total_bytes: count,
    bytes_restored: count,
  }),
  errorMessage,
  exitErrorMessage,
])

export const checkMessage = z.discriminatedUnion('message_type', [
  z.object({
    message_type: z.literal('summary'),
    num_errors: count,
    broken_packs: z.array(z.string()).nullish(),
    suggest_repair_index: z.boolean().default(false),
    suggest_prune: z.boolean().default(false),
  }),
  errorMessage.extend({ message: text }),
  exitErrorMessage,
])

export const initMessage = z.discriminatedUnion('message_type', [
  z.object({ message_type: z.literal('initialized'), id: z.string(), repository: text }),
  exitErrorMessage,
])

/** `stats`; `total_uncompressed_size` only in a repository of format 2, the first that compresses. */
export const statsContent = z.object({
  total_size: count,
  total_uncompressed_size: z.number().optional(),
  snapshots_count: count,
})

/** For commands whose messages we need only when they fail. */
export const failureMessage = z.discriminatedUnion('message_type', [errorMessage, exitErrorMessage])

export const versionMessage = z.object({ version: z.string() })

export const snapshotList = z.array(
  z.object({
    id: z.string(),
    short_id: text,
    time: z.coerce.date(),
    hostname: text,
    paths: z.array(z.string()).default([]),
    tags: z.array(z.string()).nullish(),
    tree: z.string(),
    parent: z.string().optional(),
    original: z.string().optional(),
    summary: z
      .object({
        backup_start: z.coerce.date().optional(),
        backup_end: z.coerce.date().optional(),
        total_files_processed: count,
        total_bytes_processed: count,
        data_added: count,
        data_added_packed: count,
      })
      .optional(),
  }),
)

/** `cat lock` */
export const lockContent = z.object({
  time: z.coerce.date(),
  exclusive: z.boolean().default(false),
  hostname: text,
  username: text,
  pid: count,
})

/** `key list` */
export const keyList = z.array(
  z.object({
    current: z.boolean().default(false),
    id: z.string(),
    userName: text,
    hostName: text,
    created: text,
  }),
)

/** `cat config` */
export const configContent = z.object({ version: z.number(), id: z.string(), chunker_polynomial: z.string() })

export type BackupMessage = z.infer<typeof backupMessage>
export type RestoreMessage = z.infer<typeof restoreMessage>
export type CheckMessage = z.infer<typeof checkMessage>
export type ErrorMessage = z.infer<typeof errorMessage>
export type ExitErrorMessage = z.infer<typeof exitErrorMessage>

export type Line<M> = { message: M } | { log: string }

/**
 * One line of restic's output: a message when it is JSON of a known shape, else a line for the log. restic writes plain
 * text among its JSON ("… does not exist, skipping", "retrying after …", stack traces), so an odd line is never an error.
 */
export function parseLine<M>(schema: z.ZodType<M>, line: string): Line<M> {
  if (!line.startsWith('{')) return { log: line }
  let value: unknown
  try {
    value = JSON.parse(line)
  } catch {
    return { log: line }
  }
  const parsed = schema.safeParse(value)
  return parsed.success ? { message: parsed.data } : { log: line }
}
