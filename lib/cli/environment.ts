import { createInterface } from 'node:readline/promises'
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

/** What a command may read besides its arguments: secrets, settings through a pipe, and a person's answers. */
export const processInput = {
  ...(process.stdin.isTTY && { ask }),
  readStdin: () => text(process.stdin),
  variable: (name: string): string | undefined => process.env[name],
}

async function ask(question: string): Promise<string> {
  const terminal = createInterface({ input: process.stdin, output: process.stderr })
  try {
    return await terminal.question(question)
  } finally {
    terminal.close()
  }
}
