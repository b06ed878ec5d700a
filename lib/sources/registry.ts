import { CodedError } from '#lib/errors/coded-error.ts'
import { commandDriver } from './command/driver.ts'
import type { SourceDriver } from './driver.ts'
import { filesDriver } from './files/driver.ts'
import { installationDriver } from './installation/driver.ts'
import type { SourceKind } from './kinds.ts'
import { mysqlDriver } from './mysql/driver.ts'
import { postgresDriver } from './postgres/driver.ts'
import { redisDriver } from './redis/driver.ts'
import { s3Driver } from './s3/driver.ts'
import { sqliteDriver } from './sqlite/driver.ts'
import { userDataDriver } from './user-data/driver.ts'

/** Every driver there is. The compiler refuses a kind without one. */
const drivers: Readonly<Record<SourceKind, SourceDriver>> = {
  sqlite: sqliteDriver as SourceDriver,
  postgres: postgresDriver as SourceDriver,
  mysql: mysqlDriver as SourceDriver,
  redis: redisDriver as SourceDriver,
  command: commandDriver as SourceDriver,
  'user-data': userDataDriver as SourceDriver,
  files: filesDriver as SourceDriver,
  s3: s3Driver as SourceDriver,
  installation: installationDriver as SourceDriver,
}

/** Throws SOURCE_KIND_UNKNOWN. */
export function driverOf(kind: string): SourceDriver {
  if (Object.hasOwn(drivers, kind)) return drivers[kind as SourceKind]
  throw new CodedError('SOURCE_KIND_UNKNOWN', { kind, known: Object.keys(drivers) })
}

/** All of them, in the order in which people choose. */
export const allDrivers = (): readonly SourceDriver[] => Object.values(drivers)

/** Whether copies of the kind are files that can be put where they were. */
export const hasOriginalPlace = (kind: string): boolean =>
  Object.hasOwn(drivers, kind) && drivers[kind as SourceKind].originalPaths !== undefined

/** What a copy of a kind can be brought into that is new; undefined: nothing, or this version has no driver for it any more. */
export const newPlaceOf = (kind: string): 'database' | 'file' | 'server' | undefined =>
  Object.hasOwn(drivers, kind) ? drivers[kind as SourceKind].newPlace?.what : undefined

/** Whether copies of the kind are rows that can be loaded into tables. */
export const hasRows = (kind: string): boolean =>
  Object.hasOwn(drivers, kind) && drivers[kind as SourceKind].loadRows !== undefined

/** Whether a place of the kind can be replaced in one step. */
export const mayReplacePlace = (kind: string): boolean =>
  Object.hasOwn(drivers, kind) &&
  [drivers[kind as SourceKind].newPlace?.aside, drivers[kind as SourceKind].newPlace?.replace].some(
    (way) => way !== undefined,
  )

/** What people call a kind; the kind itself where this version has no driver for it any more. */
export const titleOf = (kind: string): string =>
  Object.hasOwn(drivers, kind) ? drivers[kind as SourceKind].title : kind
