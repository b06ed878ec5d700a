import { open, rm } from 'node:fs/promises'
import { CommandFailed } from './failure.ts'

/** Writes a text into a new file of its owner alone. The file is made first, so that nothing is asked for that could not be kept. */
export async function intoNewFile(path: string, text: () => Promise<string>): Promise<void> {
  await using file = await open(path, 'wx', 0o600).catch((cause) => refuse(path, cause))
  try {
    await file.writeFile(await text())
    await file.sync()
  } catch (error) {
    await rm(path)
    throw error instanceof CommandFailed ? error : refuse(path, error)
  }
}

function refuse(path: string, cause: unknown): never {
  const { code = 'unknown error' } = cause as NodeJS.ErrnoException
  throw new CommandFailed(
    code === 'EEXIST' ? `“${path}” is there already.` : `“${path}” cannot be written: ${code}.`,
    code === 'EEXIST' ? 'Give the name of a new file.' : 'Check the path and its permissions.',
    { cause },
  )
}
