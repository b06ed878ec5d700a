import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Certificate, makeCertificate } from '#lib/testing/certificates.ts'
import { type PostgresServer, postgresMissing, startPostgresServer } from '#lib/testing/postgres-server.ts'
import { type TemporaryContext, temporaryContext } from '../conformance-context.ts'
import { saveCopy } from '../conformance-copy.ts'
import { postgresDriver } from './driver.ts'

const missing = await postgresMissing()
let certificate: Certificate
let server: PostgresServer

if (missing === null) {
  beforeAll(async () => {
    certificate = await makeCertificate(['IP:127.0.0.1'])
    server = await startPostgresServer({ tls: certificate })
    await server.query(`CREATE TABLE kept AS SELECT 1 AS id`)
  })
  afterAll(() => server.stop())
}

const settingsOf = (more: object) =>
  postgresDriver.settings.parse({
    host: '127.0.0.1',
    port: server.port,
    database: 'postgres',
    user: 'postgres',
    password: server.password,
    ...more,
  })

/** As a run does it all: Node's client looks first, then pg_dump signs in by itself. */
async function backUp(run: TemporaryContext, more: object) {
  const settings = settingsOf(more)
  await postgresDriver.probe(settings, run.context)
  await saveCopy(await postgresDriver.open(settings, run.context), join(run.dir, 'saved'))
  expect(await run.scratchContent()).toEqual([])
}

describe.skipIf(missing)('A PostgreSQL server with a certificate', () => {
  test.each(['disable', 'prefer', 'require'])('is backed up without a look at it: %s', async (sslMode) => {
    await using run = await temporaryContext()
    await backUp(run, { sslMode })
  })

  test.each(['verify-ca', 'verify-full'])('is backed up when the authority is the right one: %s', async (sslMode) => {
    await using run = await temporaryContext()
    await backUp(run, { sslMode, sslRootCert: certificate.certificate })
  })

  test('is backed up with the authority’s certificate in a file', async () => {
    await using run = await temporaryContext()
    const sslRootCert = join(run.dir, 'authority.pem')
    await writeFile(sslRootCert, certificate.certificate)
    await backUp(run, { sslMode: 'verify-full', sslRootCert })
    const gone = backUp(run, { sslMode: 'verify-full', sslRootCert: `${sslRootCert}.gone` })
    await expect(gone).rejects.toMatchObject({ code: 'PATH_NOT_FOUND' })
  })

  test.each(['verify-ca', 'verify-full'])('is refused when another authority signed it: %s', async (sslMode) => {
    await using run = await temporaryContext()
    const other = await makeCertificate(['IP:127.0.0.1'])
    const backingUp = backUp(run, { sslMode, sslRootCert: other.certificate })
    await expect(backingUp).rejects.toMatchObject({ code: 'SOURCE_TLS_FAILED' })
  })

  test('is refused when it names another host, if that is to be checked', async () => {
    await using run = await temporaryContext()
    const byName = { host: 'localhost', sslRootCert: certificate.certificate }
    await backUp(run, { ...byName, sslMode: 'verify-ca' })
    await expect(backUp(run, { ...byName, sslMode: 'verify-full' })).rejects.toMatchObject({
      code: 'SOURCE_TLS_FAILED',
    })
  })

  test('shows pg_dump its authority only while it is to be checked', async () => {
    await using run = await temporaryContext()
    // libpq itself would check with `require` too, if it knew of the certificate.
    const other = await makeCertificate(['IP:127.0.0.1'])
    await backUp(run, { sslMode: 'require', sslRootCert: other.certificate })
  })

  test('is not asked for with settings that cannot be checked', () => {
    const parse = (more: object) => postgresDriver.settings.safeParse({ ...settingsOf({}), ...more })
    expect(parse({ sslMode: 'verify-full' }).success).toBe(false)
    expect(parse({ sslMode: 'verify-ca' }).success).toBe(false)
    expect(parse({ sslRootCert: 'relative/path.pem' }).success).toBe(false)
    expect(parse({ sslRootCert: '-----BEGIN CERTIFICATE-----\nnonsense\n-----END CERTIFICATE-----' }).success).toBe(
      false,
    )
  })
})
