import {
  BackupOrigin,
  BackupType,
  DeliveryState,
  EventKind,
  LogLevel,
  Role,
  RunState,
  Severity,
  SourceType,
} from '#prisma/client/enums.ts'
import { builder } from './builder.ts'

export const backupType = builder.enumType(BackupType, { name: 'BackupType' })
export const sourceType = builder.enumType(SourceType, { name: 'SourceType' })
export const runState = builder.enumType(RunState, { name: 'RunState' })
export const backupOrigin = builder.enumType(BackupOrigin, { name: 'BackupOrigin' })
export const eventKind = builder.enumType(EventKind, { name: 'EventKind' })
export const logLevel = builder.enumType(LogLevel, { name: 'LogLevel' })
export const deliveryState = builder.enumType(DeliveryState, { name: 'DeliveryState' })
export const severity = builder.enumType(Severity, { name: 'Severity' })
export const role = builder.enumType(Role, { name: 'Role' })
