import { isAbsolute } from 'node:path'
import type { Restore } from '#prisma/client/client.ts'

const TARGETS_SHOWN = 3

/** Where a restore goes, for people: a folder, the paths where the files were, “the database “shop_copy””, a file, a server, tables. */
export function placeText({
  purpose,
  placeName,
  folder,
  targets,
}: Pick<Restore, 'purpose' | 'placeName' | 'folder' | 'targets'>): string {
  if (purpose === 'TABLES') return `the tables of “${placeName}”`
  if (purpose === 'SERVER') return `the server ${placeName}`
  if (placeName !== null) return isAbsolute(placeName) ? placeName : `the database “${placeName}”`
  const more = targets.length > TARGETS_SHOWN ? `, and ${targets.length - TARGETS_SHOWN} more` : ''
  return targets.length > 0 ? `${targets.slice(0, TARGETS_SHOWN).join(', ')}${more}` : folder
}

/** The paths at and below which a restore of files writes. */
export const placesOf = ({ folder, targets }: Pick<Restore, 'folder' | 'targets'>): string[] =>
  targets.length > 0 ? targets : [folder]
