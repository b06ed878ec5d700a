import { readFile } from 'node:fs/promises'
import type { Command } from 'commander'
import { CommandFailed } from './failure.ts'

export interface SettingsFlags {
  settings?: string
  set?: string[]
  unset?: string[]
  secretFile?: string[]
  secretEnv?: string[]
  secretStdin?: string
}

export const withSettings = (command: Command): Command =>
  command
    .option('--settings <file>', 'all settings as a JSON object; “-” reads standard input')
    .option('--set <setting=value...>', 'one setting, dots lead into nested ones; several times for a list')
    .option('--unset <setting...>', 'takes a setting or a stored secret away')
    .option('--secret-file <setting=file...>', 'a secret from a file')
    .option('--secret-env <setting=variable...>', 'a secret from an environment variable')
    .option('--secret-stdin <setting>', 'a secret from standard input')

/** What asks for settings: a kind of source or of repository. */
export interface Form {
  form: Record<string, unknown>
  secretFields: string[]
}

/** Where settings and secrets come from, besides files. */
export interface SettingsInput {
  readStdin(): Promise<string>
  variable(name: string): string | undefined
  /** The answer of a person; absent where nobody sits at a terminal. */
  ask?(question: string): Promise<string>
}

type Plain = Record<string, unknown>
const isPlain = (value: unknown): value is Plain => typeof value === 'object' && value !== null && !Array.isArray(value)

export const asksForSettings = (flags: SettingsFlags): boolean =>
  [flags.settings, flags.set, flags.unset, flags.secretFile, flags.secretEnv, flags.secretStdin].some(Boolean)

/**
 * The settings that the flags stand for, laid over `stored` unless a whole file is given. Secrets come from files, variables
 * or standard input, never from the command line, which other users of the machine can read. Throws CommandFailed.
 */
export async function settingsFrom(
  flags: SettingsFlags,
  kind: Form,
  stored: Plain,
  input: SettingsInput,
): Promise<Plain> {
  if (flags.settings === '-' && flags.secretStdin !== undefined)
    throw new CommandFailed(
      'Standard input cannot be the settings and a secret at once.',
      'Give one of them in a file: --settings <file>, or --secret-file <setting>=<file>.',
    )
  const settings = flags.settings === undefined ? structuredClone(stored) : await parseFile(flags.settings, input)
  for (const [path, texts] of grouped(flags.set ?? [])) {
    if (kind.secretFields.includes(path)) throw secretOnCommandLine(path)
    put(settings, path, parsed(nodeAt(kind.form, path), texts, path))
  }
  for (const path of flags.unset ?? []) put(settings, path, kind.secretFields.includes(path) ? null : undefined)
  for (const pair of flags.secretFile ?? []) {
    const [path, file] = split(pair)
    put(settings, path, withoutLineEnd(await readText(file)))
  }
  for (const pair of flags.secretEnv ?? []) {
    const [path, name] = split(pair)
    put(settings, path, variable(name, `the secret of ${path}`, input))
  }
  if (flags.secretStdin !== undefined) put(settings, flags.secretStdin, withoutLineEnd(await input.readStdin()))
  return settings
}

export interface PasswordFlags {
  passwordFile?: string
  passwordEnv?: string
  passwordStdin?: boolean
}

/** Of a repository itself, not of a server. */
export const withPassword = (command: Command): Command =>
  command
    .option('--password-file <file>', 'the repository’s password from a file')
    .option('--password-env <variable>', 'the repository’s password from an environment variable')
    .option('--password-stdin', 'the repository’s password from standard input')

/** Undefined when none is given. Throws CommandFailed. */
export async function passwordFrom(
  flags: PasswordFlags & SettingsFlags,
  input: SettingsInput,
): Promise<string | undefined> {
  const { passwordFile, passwordEnv, passwordStdin } = flags
  if ([passwordFile, passwordEnv, passwordStdin].filter(Boolean).length > 1)
    throw new CommandFailed('The password is given twice.', 'Give one of --password-file, -env and -stdin.')
  if (passwordStdin && (flags.settings === '-' || flags.secretStdin !== undefined))
    throw new CommandFailed('Standard input cannot be two things at once.', 'Give the password by --password-file.')
  if (passwordFile !== undefined) return withoutLineEnd(await readText(passwordFile))
  if (passwordEnv !== undefined) return variable(passwordEnv, 'the password', input)
  return passwordStdin ? withoutLineEnd(await input.readStdin()) : undefined
}

function variable(name: string, what: string, input: SettingsInput): string {
  const secret = input.variable(name)
  if (secret) return secret
  throw new CommandFailed(`The variable ${name} is not set.`, `Set it to ${what}.`)
}

async function parseFile(file: string, input: SettingsInput): Promise<Plain> {
  const text = await textOf(file, input)
  const where = file === '-' ? 'Standard input' : `“${file}”`
  try {
    const settings: unknown = JSON.parse(text)
    if (isPlain(settings)) return settings
  } catch {
    // said below; the parser's own words would quote the text, and secrets with it
  }
  throw new CommandFailed(`${where} is not a JSON object.`, 'Give the settings as {"host": "…", …}.')
}

/** A list of objects, of a file or of standard input. Throws CommandFailed. */
export async function jsonListOf(file: string, input: SettingsInput): Promise<Plain[]> {
  const where = file === '-' ? 'Standard input' : `“${file}”`
  const refused = () => new CommandFailed(`${where} is not a JSON list.`, 'Give it as [{"kind": "…", …}, …].')
  let list: unknown
  try {
    list = JSON.parse(await textOf(file, input))
  } catch (error) {
    throw error instanceof CommandFailed ? error : refused()
  }
  if (!Array.isArray(list) || !list.every(isPlain)) throw refused()
  return list
}

/** Of a file, or of standard input when it is called “-”. Throws CommandFailed. */
export async function textOf(file: string, input: SettingsInput): Promise<string> {
  return file === '-' ? input.readStdin() : readText(file)
}

/** Throws CommandFailed. */
export async function readText(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8')
  } catch (cause) {
    const { code = 'unknown error' } = cause as NodeJS.ErrnoException
    throw new CommandFailed(`“${file}” cannot be read: ${code}.`, 'Check the path and its permissions.', { cause })
  }
}

export const withoutLineEnd = (text: string): string => text.replace(/\r?\n$/, '')

function split(pair: string): [string, string] {
  const at = pair.indexOf('=')
  if (at > 0) return [pair.slice(0, at), pair.slice(at + 1)]
  throw new CommandFailed(`“${pair}” has no “=”.`, 'Write setting=value, such as --set host=db.example.org.')
}

/** A setting that is given several times is a list. */
function grouped(pairs: string[]): Map<string, string[]> {
  const texts = new Map<string, string[]>()
  for (const pair of pairs) {
    const [path, text] = split(pair)
    texts.set(path, [...(texts.get(path) ?? []), text])
  }
  return texts
}

function secretOnCommandLine(path: string): CommandFailed {
  return new CommandFailed(
    `“${path}” is a secret, and other users of the machine can read command lines.`,
    `Give it with --secret-stdin ${path}, --secret-env ${path}=<variable> or --secret-file ${path}=<file>.`,
  )
}

interface Node {
  type?: string
  properties?: Record<string, Node>
  anyOf?: Node[]
  oneOf?: Node[]
}

/** What the kind's form says about a setting; alternatives are looked through. */
function nodeAt(form: Node, path: string): Node | undefined {
  let nodes: Node[] = [form]
  for (const name of path.split('.')) nodes = nodes.flatMap(spread).flatMap((node) => node.properties?.[name] ?? [])
  return nodes.flatMap(spread).find((node) => node.type !== undefined && node.type !== 'null')
}

const spread = (node: Node): Node[] => [node, ...[...(node.anyOf ?? []), ...(node.oneOf ?? [])].flatMap(spread)]

/** With the type that the form asks for. */
function parsed(node: Node | undefined, texts: string[], path: string): unknown {
  const [text = ''] = texts
  const isJson = /^[[{]/.test(text) && node?.type !== 'string'
  if (texts.length === 1 && isJson) {
    try {
      return JSON.parse(text)
    } catch {
      throw new CommandFailed(`The value of “${path}” is not valid JSON.`, 'Quote it for the shell, or use --settings.')
    }
  }
  if (node?.type === 'array' || texts.length > 1) return texts
  if (node?.type === 'boolean' && (text === 'true' || text === 'false')) return text === 'true'
  if ((node?.type === 'integer' || node?.type === 'number') && /^-?\d+(\.\d+)?$/.test(text)) return Number(text)
  return text
}

/** Sets, or with undefined removes, the setting at a dotted path. */
function put(settings: Plain, path: string, value: unknown): void {
  const names = path.split('.')
  const last = names.pop() as string
  let at = settings
  for (const name of names) {
    const next = Object.hasOwn(at, name) ? at[name] : undefined
    if (isPlain(next)) at = next
    else {
      const made: Plain = {}
      define(at, name, made)
      at = made
    }
  }
  if (value === undefined) delete at[last]
  else define(at, last, value)
}

/** As own data, whatever the name: `__proto__`, too. */
function define(target: Plain, name: string, value: unknown): void {
  Object.defineProperty(target, name, { value, writable: true, enumerable: true, configurable: true })
}
