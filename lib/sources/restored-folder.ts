import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { CodedError } from '#lib/errors/coded-error.ts'

/**
 * The one file that a restored snapshot holds, however deep: its name and place follow the settings and the scratch folder
 * of the time of the backup, which need not be today's.
 */
export async function theOnlyFile(folder: string, what: string): Promise<string> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  const [file, ...others] = entries.filter((entry) => entry.isFile())
  if (file !== undefined && others.length === 0) return join(file.parentPath, file.name)
  const reason = `one file was expected, there are ${file === undefined ? 'none' : others.length + 1}`
  throw new CodedError('RESTORE_CONTENT_WRONG', { what, reason })
}
