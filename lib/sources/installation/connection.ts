import { CodedError } from '#lib/errors/coded-error.ts'
import type { Secret } from '#lib/secrets/secret.ts'
import { type PostgresConnection, postgresConnection } from '../connections/postgres.ts'

/** The connection that a URL, as of DATABASE_URL, stands for. Throws CONFIG_INVALID where it says what cannot be kept. */
export function connectionOf(url: Secret): PostgresConnection {
  const { hostname, port, pathname, username, password, searchParams } = new URL(url.reveal())
  const given = {
    host: searchParams.get('host') ?? hostname.replace(/^\[|\]$/g, ''),
    port: port === '' ? undefined : Number(port),
    database: decodeURIComponent(pathname.slice(1)),
    user: decodeURIComponent(username),
    password: password === '' ? undefined : decodeURIComponent(password),
    sslMode: searchParams.get('sslmode') ?? undefined,
    sslRootCert: searchParams.get('sslrootcert') ?? undefined,
  }
  const parsed = postgresConnection.safeParse(given)
  if (parsed.success) return parsed.data
  const problems = parsed.error.issues.map((issue) => ({
    variable: 'DATABASE_URL',
    problem: `${issue.path.join('.')} ${issue.message}`,
    example: 'postgresql://user:password@db.example.org/backups',
  }))
  throw new CodedError('CONFIG_INVALID', { problems })
}
