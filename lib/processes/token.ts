import { parseArgs } from 'node:util'
import { z } from 'zod'
import { scopes } from '#lib/auth/actor.ts'
import { createToken } from '#lib/auth/tokens.ts'
import { systemClock } from '#lib/clock/now.ts'
import { readConfig } from '#lib/config/config.ts'
import { emailAddress } from '#lib/config/email.ts'
import { readSecretKey } from '#lib/config/secret-key.ts'
import { makeDataDir, openDatabase } from '#lib/database/database.ts'
import { CodedError } from '#lib/errors/coded-error.ts'

const options = z.object({
  email: emailAddress,
  scope: z.array(z.enum(scopes, `each --scope is one of ${scopes.join(', ')}`)).min(1),
  days: z.coerce
    .number()
    .int('--days is a whole number')
    .min(1, '--days is 1 or more')
    .max(3650, '--days is at most 3650'),
  name: z.string().min(1).max(100),
})

/** npm run token: makes an API token and prints it, alone, on stdout. Works beside a running server and without one. */
async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      email: { type: 'string' },
      scope: { type: 'string', multiple: true, default: ['backup:read', 'backup:trigger'] },
      days: { type: 'string', default: '90' },
      name: { type: 'string', default: 'command line' },
    },
  })
  const parsed = options.safeParse(values)
  if (!parsed.success)
    throw new CodedError('INPUT_INVALID', {
      issues: parsed.error.issues.map((issue) => ({ path: `--${String(issue.path[0])}`, problem: issue.message })),
    })
  const config = readConfig()
  await makeDataDir(config.DATA_DIR)
  const database = await openDatabase(config, 'optional')
  try {
    const deps = { prisma: database.prisma, secretKey: await readSecretKey(config), clock: systemClock }
    const { token } = await createToken(deps, { ...parsed.data, scopes: parsed.data.scope })
    process.stdout.write(`${token.reveal()}\n`)
  } finally {
    await database.close()
  }
}

main().catch((error) => {
  const text = error instanceof CodedError ? `${error.message}\n${error.remedy}\n(${error.code})` : String(error)
  process.stderr.write(`${text}\n`)
  process.exit(1)
})
