import type { BlockList } from 'node:net'
import type { z } from 'zod'
import type { Severity } from '#prisma/client/enums.ts'
import type { Mailer } from '../mailer.ts'
import type { Told } from '../told.ts'
import type { ChannelKindName } from './kinds.ts'

/** One notification on its way to one recipient. */
export interface Outgoing {
  /** Of the delivery: the same however often it is tried, so that a receiver can tell a repetition. */
  id: string
  /** One of those that the kind named. */
  recipient: string
  /** Of events.ts. */
  event: string
  severity: Severity
  environments: readonly string[]
  /** When it happened, and when this attempt is made. */
  at: Date
  sentAt: Date
  told: Told
}

export interface SendDeps {
  /** Null: no mail server is configured. */
  mailer: Mailer | null
  /** Private networks that may be reached. */
  allowed: BlockList
  signal: AbortSignal
}

/** A way to tell people. A new one starts in kinds.ts and registry.ts. */
export interface ChannelKind<Settings = unknown> {
  readonly kind: ChannelKindName
  /** What people call it. */
  readonly title: string
  /** One parser for API and forms. Secret fields are `Secret` after parsing. */
  readonly settings: z.ZodType<Settings>
  readonly secretFields: readonly string[]
  /** Whom it reaches; each gets a message of its own. Null: one that has no name of its own, but the channel's. */
  recipients(settings: Settings): readonly string[] | null
  /**
   * Resolves when the other side has taken the message. Rejects with a CodedError, whose retry class says whether
   * another attempt may succeed, or the signal's reason.
   */
  send(settings: Settings, message: Outgoing, deps: SendDeps): Promise<void>
}
