import { homedir } from 'node:os'
import { z } from 'zod'
import { secretText } from '#lib/forms/settings.ts'
import { runChild } from '#lib/process/child.ts'
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

const about = z.object({ free: z.int(), total: z.int() })

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

  /** As `rclone about` has it, which not every kind of remote knows. */
  async space({ remote }, signal, { cwd, path }) {
    const env = { RCLONE_CONFIG: './rclone.conf', PATH: path, HOME: homedir() }
    const args = ['about', `${remote}:`, '--json']
    const { code, stdout } = await runChild({ command: 'rclone', args, env, cwd, signal })
    const found = code === 0 ? about.safeParse(JSON.parse(stdout.join(''))) : null
    return found?.success ? found.data : null
  },
}
