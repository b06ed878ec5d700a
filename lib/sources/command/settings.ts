import { z } from 'zod'
import { commandName, commandValues } from '#lib/commands/values.ts'
import { secretText } from '#lib/forms/settings.ts'

export const commandSettings = z.strictObject({
  command: commandName,
  values: commandValues,
  /** Lines NAME=value. The names are environment variables that the command takes. */
  secrets: secretText.optional().meta({
    title: 'Secrets',
    description:
      'One NAME=value a line, of the names that the command takes. They reach the program as its environment.',
    secret: true,
    multiline: true,
  }),
})

export type CommandSettings = z.infer<typeof commandSettings>
