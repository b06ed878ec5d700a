import { resolve } from 'node:path'
import { z } from 'zod'
import { scheduleInput } from '#lib/cron/schedule.ts'
import { CodedError } from '#lib/errors/coded-error.ts'
import { Secret } from '#lib/secrets/secret.ts'
import { emailAddress } from './email.ts'

const list = z.string().transform((text) =>
  text
    .split(/[,:\n]/)
    .map((item) => item.trim())
    .filter((item) => item !== ''),
)
const flag = z.enum(['true', 'false', '1', '0']).transform((text) => text === 'true' || text === '1')

/** Every variable the program reads: its parser and the example that a refusal shows. */
const variables = {
  PORT: [z.coerce.number().int().min(0).max(65535).default(3000), '3000'],
  HOST: [z.string().min(1).default('127.0.0.1'), '127.0.0.1'],
  PUBLIC_URL: [z.url({ protocol: /^https?$/ }).optional(), 'https://backup.example.org'],
  DATA_DIR: [
    z
      .string()
      .min(1)
      .default('./data')
      .transform((path) => resolve(path)),
    './data',
  ],
  DATABASE_URL: [
    z
      .url({ protocol: /^postgres(ql)?$/ })
      .transform((text) => new Secret(text))
      .optional(),
    'postgresql://user:password@db.example.org/backups',
  ],
  ROLE: [z.enum(['all', 'web', 'worker']).default('all'), 'all'],
  WORKER_RUNS: [z.coerce.number().int().min(1).max(100).default(2), '2'],
  SOURCE_SERVER_RUNS: [z.coerce.number().int().min(1).max(100).default(2), '2'],
  WORKER_ENVIRONMENTS: [list.default([]), 'staging,production'],
  SECRET_KEY: [
    z
      .string()
      .min(32, 'needs at least 32 characters')
      .transform((text) => new Secret(text))
      .optional(),
    '<64 random characters>',
  ],
  SECRET_KEY_FILE: [z.string().min(1).optional(), '/run/secrets/secret-key'],
  ADMIN_EMAIL: [emailAddress.transform((text) => text.toLowerCase()).default('admin@localhost'), 'you@example.org'],
  ADMIN_PASSWORD: [
    z
      .string()
      .min(10, 'needs at least 10 characters')
      .transform((text) => new Secret(text))
      .optional(),
    '<a long password>',
  ],
  SMTP_URL: [
    z
      .url({ protocol: /^smtps?$/ })
      .transform((text) => new Secret(text))
      .optional(),
    'smtps://user:password@mail.example.org',
  ],
  MAIL_FROM: [
    z
      .string()
      .regex(/^[^\r\n]+$/)
      .optional(),
    'Backups <backups@example.org>',
  ],
  STORAGE_ROOTS: [list.default([]), '/srv/uploads,/var/www'],
  COMMANDS_FILE: [
    z
      .string()
      .min(1)
      .transform((path) => resolve(path))
      .optional(),
    '/etc/backup-trigger/commands.json',
  ],
  WEBHOOK_PRIVATE_NETWORKS: [
    z
      .string()
      .transform((text) => text.split(',').map((item) => item.trim()))
      .pipe(z.array(z.union([z.cidrv4(), z.cidrv6()], 'must be networks with their length, such as 10.0.0.0/8')))
      .default([]),
    '10.0.0.0/8,fd00::/8',
  ],
  VERIFICATION_POSTGRES_URL: [
    z
      .url({ protocol: /^postgres(ql)?$/ })
      .refine((url) => new URL(url).username !== '', 'must name the account')
      .transform((text) => new Secret(text))
      .optional(),
    'postgresql://verifier:password@verify.example.org/postgres?sslmode=require',
  ],
  STALL_TIMEOUT: [z.coerce.number().int().min(1).max(86_400).default(1200), '1200'],
  RESTIC_BINARY: [z.string().min(1).optional(), '/usr/bin/restic'],
  HEARTBEAT_URL: [
    z
      .url({ protocol: /^https?$/ })
      .transform((text) => new Secret(text))
      .optional(),
    'https://watchdog.example.org/ping/1234',
  ],
  OTEL_EXPORTER_OTLP_ENDPOINT: [z.url({ protocol: /^https?$/ }).optional(), 'http://collector.example.org:4318'],
  OTEL_EXPORTER_OTLP_HEADERS: [
    z
      .string()
      .transform((text) => new Secret(text))
      .optional(),
    'authorization=Bearer%20token',
  ],
  BACKUP_SCHEDULE: [scheduleInput.default('daily'), 'daily'],
  TRIGGER_TYPE: [z.enum(['manual', 'scheduled']).default('manual'), 'manual'],
  DATA_SELECTION: [z.enum(['all', 'database', 'user_data', 'files']).default('all'), 'all'],
  RETENTION_POLICY: [z.coerce.number().int().min(1).max(36500).default(30), '30'],
  LOG_RETENTION_DAYS: [z.coerce.number().int().min(0).max(36500).default(365), '365'],
  COMPRESSION_LEVEL: [z.coerce.number().int().min(1).max(9).default(5), '5'],
  NOTIFICATION_ENABLED: [flag.default(true), 'true'],
  LOG_VERBOSITY: [z.enum(['DEBUG', 'INFO', 'WARNING', 'ERROR']).default('INFO'), 'INFO'],
} as const

const schema = z.object(
  Object.fromEntries(Object.entries(variables).map(([name, [parser]]) => [name, parser])) as {
    [K in keyof typeof variables]: (typeof variables)[K][0]
  },
)

export type Config = Readonly<z.infer<typeof schema>> & {
  readonly projectRoot: string
  /** The variables that were set: the others have their defaults. */
  readonly given: ReadonlySet<string>
}

/** What the program would make of one variable's text; undefined: of its absence. */
export function parseVariable<K extends keyof typeof variables>(name: K, text: string | undefined) {
  return schema.shape[name].safeParse(text) as z.ZodSafeParseResult<Config[K]>
}

/**
 * Reads the configuration from the environment, once, at the start of a process. An empty variable counts as unset.
 * Throws CONFIG_INVALID naming every variable that is wrong, with an example of each.
 */
export function readConfig(environment: Readonly<Record<string, string | undefined>> = process.env): Config {
  const given = Object.fromEntries(
    Object.entries(environment).filter(([, value]) => value !== undefined && value !== ''),
  )
  const parsed = schema.safeParse(given)
  if (!parsed.success)
    throw new CodedError('CONFIG_INVALID', {
      problems: parsed.error.issues.map((issue) => {
        const variable = String(issue.path[0]) as keyof typeof variables
        return { variable, problem: issue.message, example: variables[variable][1] }
      }),
    })
  if (parsed.data.SECRET_KEY && parsed.data.SECRET_KEY_FILE)
    throw new CodedError('CONFIG_INVALID', {
      problems: [
        { variable: 'SECRET_KEY_FILE', problem: 'is set together with SECRET_KEY; set one of them', example: '' },
      ],
    })
  return { ...parsed.data, given: new Set(Object.keys(given)), projectRoot: resolve(import.meta.dirname, '../..') }
}
