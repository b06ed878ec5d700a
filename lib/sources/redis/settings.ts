import { z } from 'zod'
import { absolutePath, secretText } from '#lib/forms/settings.ts'

const word = z
  .string()
  .min(1, 'must not be empty')
  .max(255, 'is too long')
  .refine((text) => !text.includes('\0'), 'must not contain a NUL character')

export const redisSettings = z
  .strictObject({
    /** A host name or address, or the absolute path of a Unix socket. */
    host: word.meta({
      title: 'Host',
      description: 'A name, an address, or the path of a socket on the worker’s machine.',
      examples: ['cache.example.org'],
    }),
    port: z.int().min(1).max(65535).default(6379).meta({ title: 'Port' }),
    /** Absent: the server's account `default`. */
    user: word.optional().meta({
      title: 'User',
      description: 'An ACL account. Leave it empty where there is only a password.',
      examples: ['backup'],
    }),
    password: secretText.optional().meta({ title: 'Password', secret: true }),
    tls: z
      .enum(['disable', 'require', 'verify-full'])
      .default('disable')
      .meta({
        title: 'Encryption',
        enumTitles: {
          disable: 'Never',
          require: 'Always, without checking the server’s certificate',
          'verify-full': 'Always, and the server’s certificate is checked',
        },
      }),
    /** A PEM file on the worker. Absent: the authorities that the system trusts. */
    tlsCa: absolutePath.optional().meta({
      title: 'Authority’s certificate',
      description: 'A PEM file on the worker. Without one, the authorities that the system trusts are asked.',
      advanced: true,
    }),
  })
  .refine((s) => s.user === undefined || s.password !== undefined, {
    path: ['password'],
    message: 'a user needs a password',
  })
  .refine((s) => s.tls === 'disable' || !s.host.startsWith('/'), {
    path: ['tls'],
    message: 'a socket is not encrypted',
  })

export type RedisSettings = z.infer<typeof redisSettings>

/** Names and addresses only; no user, no password. */
export const nameOf = (s: Pick<RedisSettings, 'host' | 'port'>): string =>
  s.host.startsWith('/') ? `Redis at ${s.host}` : `Redis at ${s.host}:${s.port}`

/** The account that is signed in. */
export const accountOf = (s: Pick<RedisSettings, 'user'>): string => s.user ?? 'default'
