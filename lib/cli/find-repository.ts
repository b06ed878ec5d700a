import type { Connection } from './connection.ts'
import { CommandFailed } from './failure.ts'
import { type RepositoryItem, repositoriesDocument } from './repository-documents.ts'

/** By its id or its name. Throws CommandFailed. */
export async function findRepository(connection: Connection, idOrName: string): Promise<RepositoryItem> {
  const { repositories } = await connection.ask<{ repositories: RepositoryItem[] }>(repositoriesDocument, {})
  const found =
    repositories.find(({ id }) => id === idOrName.toLowerCase()) ?? repositories.find(({ name }) => name === idOrName)
  if (found) return found
  throw new CommandFailed(
    `There is no repository “${idOrName}”.`,
    'Take the id or the name from “repositories list”.',
    { code: 'REPOSITORY_UNKNOWN' },
  )
}
