import { isAbsolute } from 'node:path'
import type { Restore } from '#prisma/client/client.ts'

/** Where a restore goes, for people: a folder, “the database “shop_copy””, a file. */
export function placeText({ placeName, folder }: Pick<Restore, 'placeName' | 'folder'>): string {
  if (placeName === null) return folder
  return isAbsolute(placeName) ? placeName : `the database “${placeName}”`
}
