import { constants } from 'node:fs'
import { type FileHandle, lstat, open, readdir } from 'node:fs/promises'
import { dirname } from 'node:path'
import { CodedError } from '#lib/errors/coded-error.ts'
import type { DriverContext } from '../driver.ts'
import { resolveInside } from '../storage-roots.ts'
import type { UserDataSettings } from './settings.ts'

/** A file of a person, or what is there and cannot be taken. Names below `files/` with / between them. */
export type PersonFile = { file: string; path: Buffer } | { file: string; because: string }

/** Where a template's files of one person begin: a file or a folder. */
export interface PersonRoot {
  name: string
  path: string
}

/** The folder above the first {userId}. It must be there: a disk that is not mounted is not a person without files. */
export const folderOf = (template: string): string => dirname(`${template.slice(0, template.indexOf('{userId}'))}x`)

/**
 * The places of the person's files that exist, without symlinks and inside the storage roots. Rejects with INPUT_INVALID for
 * an id that is no plain part of a path, PATH_NOT_ALLOWED, or PATH_NOT_FOUND when the folder of a template is missing.
 */
export async function rootsOfPerson(
  templates: UserDataSettings['files'],
  person: string,
  ctx: Pick<DriverContext, 'storageRoots'>,
): Promise<PersonRoot[]> {
  if (templates.length > 0) requirePathPart(person)
  const roots: PersonRoot[] = []
  for (const { name, path: template } of templates) {
    await resolveInside(folderOf(template), ctx.storageRoots)
    const path = template.replaceAll('{userId}', person)
    try {
      roots.push({ name, path: await resolveInside(path, ctx.storageRoots) })
    } catch (thrown) {
      if (!(thrown instanceof CodedError) || thrown.code !== 'PATH_NOT_FOUND') throw thrown
      await requireAbsent(path, thrown)
    }
  }
  return roots
}

function requirePathPart(person: string): void {
  if (!/[/\\\0]/.test(person) && person !== '.' && person !== '..' && Buffer.byteLength(person) <= 255) return
  const problem = 'cannot be a part of a path, and the source has files by person'
  throw new CodedError('INPUT_INVALID', { issues: [{ path: 'person', problem }] })
}

/** Nothing there is no files; a folder that may not be entered, or a symlink to nowhere, is not nothing. */
async function requireAbsent(path: string, missing: CodedError): Promise<void> {
  const code = await lstat(path).then(
    () => 'EXISTS',
    (error: NodeJS.ErrnoException) => error.code,
  )
  if (code !== 'ENOENT' && code !== 'ENOTDIR') throw missing
}

/** Every file at and below a root, in the order of its bytes. Symlinks are not followed. */
export async function* walkPerson({ name, path }: PersonRoot, signal: AbortSignal): AsyncGenerator<PersonFile> {
  yield* walk(`files/${name}`, Buffer.from(path), signal)
}

async function* walk(file: string, path: Buffer, signal: AbortSignal): AsyncGenerator<PersonFile> {
  signal.throwIfAborted()
  const stats = await lstat(path)
  if (stats.isFile()) yield { file, path }
  else if (!stats.isDirectory()) yield { file, because: stats.isSymbolicLink() ? 'a symbolic link' : 'not a file' }
  else {
    const names = (await readdir(path, { encoding: 'buffer' })).map((one) => Buffer.from(one)).sort(Buffer.compare)
    for (const one of names) yield* walk(`${file}/${entryName(one)}`, Buffer.concat([path, SLASH, one]), signal)
  }
}

const SLASH = Buffer.from('/')

/** A name that every ZIP program takes: as in URLs, %XX stands for a byte that is not UTF-8, a control, \, : or %. */
function entryName(name: Buffer): string {
  const text = name.toString('utf8')
  const isUtf8 = Buffer.from(text).equals(name)
  if (!isUtf8) return [...name].map((byte) => (byte > 0x20 && byte < 0x7f ? escaped(byte) : percent(byte))).join('')
  return text.replace(/[\p{Cc}\\:%]/gu, (letter) => [...Buffer.from(letter)].map(percent).join(''))
}

const escaped = (byte: number) =>
  byte === 0x25 || byte === 0x5c || byte === 0x3a ? percent(byte) : String.fromCharCode(byte)
const percent = (byte: number) => `%${byte.toString(16).toUpperCase().padStart(2, '0')}`

/** Opens a file that was walked, unless something else has taken its place. */
export async function openPersonFile(path: Buffer): Promise<FileHandle> {
  const handle = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK)
  if ((await handle.stat()).isFile()) return handle
  await handle.close()
  throw new Error(`${path} is not a file any more`)
}
