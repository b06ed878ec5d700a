import { text } from 'node:stream/consumers'

/** What the client reads from the environment; flags win over it. */
export interface ClientEnvironment {
  url: string
  token: string | undefined
  colour: boolean
}

export function readClientEnvironment(variables: Record<string, string | undefined> = process.env): ClientEnvironment {
  return {
    url: variables.BACKUP_TRIGGER_URL || 'http://127.0.0.1:3000',
    token: variables.BACKUP_TRIGGER_TOKEN || undefined,
    colour: !variables.NO_COLOR && variables.TERM !== 'dumb',
  }
}

/** What a command may read besides its arguments: secrets, and settings through a pipe. */
export const processInput = {
  readStdin: () => text(process.stdin),
  variable: (name: string): string | undefined => process.env[name],
}
