import { z } from 'zod'

/** Names of commands and of their values. */
export const wordName = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/, 'must be letters, digits, dots, dashes and underscores')

export const commandName = wordName.meta({
  title: 'Command',
  description: 'One of those that the operator of the worker’s machine allows in COMMANDS_FILE.',
  examples: ['mongo'],
})

/** What fills the arguments of an allowed command, by the names that it gives to them. */
export const commandValues = z
  .array(
    z.strictObject({
      name: wordName.meta({ title: 'Name', examples: ['database'] }),
      value: z
        .string()
        .max(4096, 'is too long')
        .refine((text) => !text.includes('\0'), 'must not contain a NUL character')
        .meta({ title: 'Value', examples: ['shop'] }),
    }),
  )
  .max(50)
  .refine((all) => new Set(all.map((one) => one.name)).size === all.length, 'must name each value once')
  .default([])
  .meta({ title: 'Values', description: 'What the command wants to know, by the names that it gives to it.' })

export type CommandValues = z.infer<typeof commandValues>
