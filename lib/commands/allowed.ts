import { constants } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import { z } from 'zod'
import { CodedError } from '#lib/errors/coded-error.ts'
import { absolutePath } from '#lib/forms/settings.ts'
import { wordName } from './values.ts'

const text = z
  .string()
  .max(4096)
  .refine((one) => !one.includes('\0'), 'must not contain a NUL character')
const variable = z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/, 'must be the name of an environment variable')

/** A word as it is, or one that a value of the source or hook fills: prefix and value in one word. */
const argument = z.union([
  text,
  z.strictObject({
    prefix: text.default(''),
    value: wordName,
    /** What the whole value must match. */
    pattern: text.min(1).refine(isPattern, 'must be a regular expression'),
  }),
])

const invocation = z.strictObject({
  program: absolutePath,
  arguments: z.array(argument).max(200).default([]),
})

const command = z
  .strictObject({
    name: wordName,
    /** Its standard output is the backup. */
    backup: invocation.optional(),
    /** Takes the backup as its standard input. */
    restore: invocation.optional(),
    /** Ends with 0 when the source can be reached. */
    test: invocation.optional(),
    /** Run before or after the backups of a plan. */
    hook: invocation.optional(),
    /** All that the programs see, besides the secrets. */
    environment: z.record(variable, text).default({}),
    /** The environment variables that a source must give. */
    secrets: z.array(variable).max(20).default([]),
    /** The name of the file in the snapshot. */
    filename: wordName.optional(),
  })
  .refine(({ backup, hook }) => backup !== undefined || hook !== undefined, 'needs “backup” or “hook”')

const file = z.strictObject({
  commands: z
    .array(command)
    .max(1000)
    .refine((all) => new Set(all.map((one) => one.name)).size === all.length, 'must have each name once'),
})

export type Argument = z.infer<typeof argument>
export type Invocation = z.infer<typeof invocation>
export type AllowedCommand = z.infer<typeof command>

const FILE_LIMIT_BYTES = 1024 * 1024
const WRITABLE_BY_OTHERS = 0o022

/**
 * The command of that name in the file that the machine's operator wrote. Rejects with COMMAND_NOT_ALLOWED, and with
 * COMMANDS_FILE_INVALID when others than the operator could have written it, or when anything in it is not understood.
 */
export async function allowedCommand(name: string, path: string | null): Promise<AllowedCommand> {
  const found = path === null ? undefined : (await readAllowed(path)).find((one) => one.name === name)
  if (found === undefined) throw new CodedError('COMMAND_NOT_ALLOWED', { what: `the command “${name}”`, file: path })
  return found
}

async function readAllowed(path: string): Promise<AllowedCommand[]> {
  const refused = (reason: string, cause?: unknown) =>
    new CodedError('COMMANDS_FILE_INVALID', { file: path, reason }, { cause })
  let handle: FileHandle
  try {
    handle = await open(path, constants.O_RDONLY | constants.O_NONBLOCK) // never waits for the writer of a pipe
  } catch (cause) {
    throw refused('it cannot be read', cause)
  }
  try {
    const { uid, mode, size } = await handle.stat()
    if ((mode & constants.S_IFMT) !== constants.S_IFREG) throw refused('it is not a regular file')
    if (uid !== 0 && uid !== process.getuid?.())
      throw refused('its owner is neither root nor the account of the worker')
    if ((mode & WRITABLE_BY_OTHERS) !== 0) throw refused('others than its owner may write it')
    if (size > FILE_LIMIT_BYTES) throw refused('it is larger than 1 MiB')
    const parsed = file.safeParse(jsonOf(await handle.readFile('utf8')))
    if (parsed.success) return parsed.data.commands
    const [issue] = parsed.error.issues
    throw refused(`${issue?.path.join('.') || 'the file'}: ${issue?.message}`)
  } finally {
    await handle.close()
  }
}

/** Undefined for what is no JSON, which then fits no schema. */
function jsonOf(content: string): unknown {
  try {
    return JSON.parse(content)
  } catch {
    return undefined
  }
}

/** As the whole of a text: a pattern cannot match a part of it. */
export function wholePattern(pattern: string): RegExp {
  return new RegExp(`^(?:${pattern})$`, 'su')
}

function isPattern(pattern: string): boolean {
  try {
    wholePattern(pattern)
    new RegExp(pattern, 'su') // one that closes our group itself is none
    return true
  } catch {
    return false
  }
}
