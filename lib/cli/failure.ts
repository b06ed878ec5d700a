/** Why the client stops: what happened and what to do. Always exit code 1. */
export class CommandFailed extends Error {
  readonly remedy: string
  readonly code: string | undefined

  constructor(message: string, remedy: string, options?: { code?: string; cause?: unknown }) {
    super(message, { cause: options?.cause })
    this.name = 'CommandFailed'
    this.remedy = remedy
    this.code = options?.code
  }
}

/** The server could not be asked at all; trying again later may help. */
export class ServerUnreachable extends CommandFailed {
  constructor(url: string, reason: string, cause?: unknown) {
    super(
      `The server at ${url} cannot be reached: ${reason}.`,
      'Check that it runs (npm start) and its address (--url or BACKUP_TRIGGER_URL), then try again.',
      { cause },
    )
    this.name = 'ServerUnreachable'
  }
}
