import { expect, test } from 'vitest'
import { Secret } from '#lib/secrets/secret.ts'
import { checkPlace } from './access.ts'
import type { Backend } from './kind.ts'

/** The place as restic would see it, secrets revealed. */
function seen(kind: string, settings: Record<string, unknown>) {
  const place = checkPlace(kind, settings)
  const plain = (value: Secret | string) => (value instanceof Secret ? value.reveal() : value)
  const { env = {}, options = [], files = [] }: Backend = place.kind.backend(place.settings)
  return {
    location: place.kind.location(place.settings),
    env: Object.fromEntries(Object.entries(env).map(([name, value]) => [name, plain(value)])),
    options,
    files: Object.fromEntries(files.map((file) => [file.name, plain(file.content)])),
  }
}
const problemsOf = (kind: string, settings: Record<string, unknown>): string[] => {
  try {
    checkPlace(kind, settings)
    return []
  } catch (error) {
    return (error as { details: { issues: { path: string }[] } }).details.issues.map((issue) => issue.path)
  }
}

const PEM = '-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n'
const s3 = { bucket: 'company-backups', accessKeyId: 'AKIA', secretAccessKey: 'hidden' }

test('an S3 bucket is named with its region, so that restic does not retry a wrong key for minutes', () => {
  expect(seen('s3', { ...s3, endpoint: 'https://s3.example.org/', prefix: '/production/', region: 'eu-1' })).toEqual({
    location: 's3:https://s3.example.org/company-backups/production',
    env: { AWS_ACCESS_KEY_ID: 'AKIA', AWS_SECRET_ACCESS_KEY: 'hidden' },
    options: ['s3.region=eu-1', 's3.bucket-lookup=dns'],
    files: {},
  })
  const more = { sessionToken: 'token', pathStyle: true, storageClass: 'STANDARD_IA', ca: PEM }
  expect(seen('s3', { ...s3, ...more })).toMatchObject({
    location: 's3:https://s3.amazonaws.com/company-backups',
    env: { AWS_SESSION_TOKEN: 'token', RESTIC_CACERT: './ca.pem' },
    options: ['s3.region=us-east-1', 's3.bucket-lookup=path', 's3.storage-class=STANDARD_IA'],
    files: { 'ca.pem': PEM },
  })
})

test('an Azure container is opened with the account’s key or with a signature, never both', () => {
  const base = { account: 'company', container: 'backups', prefix: 'production' }
  expect(seen('azure', { ...base, accountKey: 'hidden' })).toEqual({
    location: 'azure:backups:/production',
    env: { AZURE_ACCOUNT_NAME: 'company', AZURE_ENDPOINT_SUFFIX: 'core.windows.net', AZURE_ACCOUNT_KEY: 'hidden' },
    options: [],
    files: {},
  })
  expect(seen('azure', { ...base, sharedAccessSignature: 'sv=1' }).env).toMatchObject({ AZURE_ACCOUNT_SAS: 'sv=1' })
  expect(problemsOf('azure', base)).toEqual(['settings.accountKey'])
  expect(problemsOf('azure', { ...base, accountKey: 'a', sharedAccessSignature: 'b' })).toEqual(['settings.accountKey'])
})

test('a Google Cloud bucket gets its key as a file', () => {
  expect(seen('gs', { bucket: 'company-backups', projectId: 'company', credentials: '{"a":1}' })).toEqual({
    location: 'gs:company-backups:/',
    env: { GOOGLE_PROJECT_ID: 'company', GOOGLE_APPLICATION_CREDENTIALS: './credentials.json' },
    options: [],
    files: { 'credentials.json': '{"a":1}' },
  })
})

test('a Backblaze bucket gets its key in the environment', () => {
  expect(seen('b2', { bucket: 'company-backups', keyId: 'id', applicationKey: 'hidden', prefix: 'a/b' })).toEqual({
    location: 'b2:company-backups:a/b',
    env: { B2_ACCOUNT_ID: 'id', B2_ACCOUNT_KEY: 'hidden' },
    options: [],
    files: {},
  })
})

test('what is secret is never in the options, which anybody on the machine can read', () => {
  const sftp = { host: 'a', user: 'b', path: '/c', hostKey: 'ssh-ed25519 AAAA', password: 'hidden' }
  const { options, env, files } = seen('sftp', sftp)
  expect(options.join()).not.toContain('hidden')
  expect(env).toEqual({ SSH_ASKPASS: './ask', SSH_ASKPASS_REQUIRE: 'force' })
  expect(files).toMatchObject({ password: 'hidden', known_hosts: 'repository ssh-ed25519 AAAA\n' })
})

test.each([
  ['local', { path: '/' }, 'settings.path'],
  ['local', { path: '/a/../b' }, 'settings.path'],
  ['s3', { ...s3, bucket: 'Up' }, 'settings.bucket'],
  ['s3', { ...s3, endpoint: 'https://user:pass@host' }, 'settings.endpoint'],
  ['s3', { ...s3, prefix: 'a/../b' }, 'settings.prefix'],
  ['rest', { url: 'http://h', user: 'u' }, 'settings.password'],
  ['rest', { url: 'http://h/path?x' }, 'settings.url'],
  [
    'sftp',
    { host: '-oProxyCommand=x', user: 'b', path: '/c', hostKey: 'ssh-ed25519 AAAA', password: 'p' },
    'settings.host',
  ],
  ['sftp', { host: 'a', user: '-b', path: '/c', hostKey: 'ssh-ed25519 AAAA', password: 'p' }, 'settings.user'],
  [
    'sftp',
    { host: 'a', user: 'b', path: '/c', hostKey: 'ssh-ed25519 AAAA\nevil *', password: 'p' },
    'settings.hostKey',
  ],
  ['sftp', { host: 'a', user: 'b', path: '/c', hostKey: 'ssh-ed25519 AAAA' }, 'settings.privateKey'],
  ['rclone', { remote: 'other', config: '[disk]\ntype = alias\n' }, 'settings.remote'],
])('the settings of a repository of the kind %s are refused with the field’s name: %j', (kind, settings, field) => {
  expect(problemsOf(kind, settings)).toEqual([field])
})
