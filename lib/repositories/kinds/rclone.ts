import { z } from 'zod'
import { secretText } from '#lib/forms/settings.ts'
import { folder } from '../fields.ts'
import type { RepositoryKind } from '../kind.ts'

const rcloneSettings = z
  .strictObject({
    remote: z
      .string()
      .regex(/^[A-Za-z0-9_][A-Za-z0-9_. +@-]{0,99}$/, 'must be the name of a remote, without “:”')
      .meta({ title: 'Remote', description: 'Its name in the configuration.', examples: ['drive'] }),
    path: folder.default('').meta({ title: 'Folder', examples: ['backups/production'] }),
    config: secretText.meta({
      title: 'Configuration',
      description:
        'What `rclone config show REMOTE` prints. rclone cannot write back to it: use a kind of sign-in that does not need that.',
      secret: true,
      multiline: true,
    }),
  })
  .refine(
    (s) =>
      s.config
        .reveal()
        .split(/\r?\n/)
        .some((line) => line.trim() === `[${s.remote}]`),
    {
      path: ['remote'],
      message: 'is not in the configuration',
    },
  )

/** Anything that rclone knows, through the rclone that is installed on the worker. */
export const rclone: RepositoryKind<z.infer<typeof rcloneSettings>> = {
  kind: 'rclone',
  title: 'rclone',
  settings: rcloneSettings,
  secretFields: ['config'],
  location: ({ remote, path }) => `rclone:${remote}:${path}`,
  backend: (s) => ({
    env: { RCLONE_CONFIG: './rclone.conf' },
    files: [{ name: 'rclone.conf', content: s.config }],
  }),
}
