import { describe, expect, it } from 'vitest'
import { Secret } from '#lib/secrets/secret.ts'
import { type AccessDeps, checkPlace } from './access.ts'
import { openPair, requireJoinable, type Side } from './pair.ts'

const PEM = (name: string) => `-----BEGIN CERTIFICATE-----\n${name}\n-----END CERTIFICATE-----\n`
const side = (name: string, kind: string, settings: object): Side => ({
  name,
  place: checkPlace(kind, settings as Record<string, unknown>),
  password: new Secret(`the password of ${name}`),
})
const s3 = (more: object = {}) => ({ bucket: 'backups', accessKeyId: 'one', secretAccessKey: 'hidden', ...more })
const ssh = (more: object = {}) => ({
  host: 'a.example.org',
  user: 'backup',
  path: '/srv',
  hostKey: 'ssh-ed25519 AAAA',
  privateKey: 'KEY',
  ...more,
})
const rest = (more: object = {}) => ({ url: 'https://b.example.org', user: 'u', password: 'p', ...more })
const drive = (more: object = {}) => ({ remote: 'drive', config: '[drive]\ntype = drive\n', ...more })

describe('two repositories can be opened together', () => {
  it.each<[string, [string, object], [string, object]]>([
    ['when one is a folder', ['local', { path: '/a' }], ['s3', s3()]],
    ['when they are of two kinds', ['sftp', ssh()], ['s3', s3()]],
    ['in two folders of one bucket', ['s3', s3({ prefix: 'a' })], ['s3', s3({ prefix: 'b' })]],
    ['in two folders of one SFTP server', ['sftp', ssh()], ['sftp', ssh({ path: '/srv/copies' })]],
    ['on two REST servers, each with its own sign-in', ['rest', rest()], ['rest', rest({ user: 'v', password: 'q' })]],
    ['when the one without TLS trusts nobody', ['rest', rest({ url: 'http://b' })], ['s3', s3({ ca: PEM('a') })]],
  ])('%s', (_title, a, b) => {
    expect(() => requireJoinable({ from: side('a', ...a), to: side('b', ...b) })).not.toThrow()
    expect(() => requireJoinable({ from: side('b', ...b), to: side('a', ...a) })).not.toThrow()
  })
})

describe('two repositories cannot be opened together', () => {
  it.each<[string, [string, object], [string, object], string[]]>([
    ['with two keys of S3', ['s3', s3()], ['s3', s3({ accessKeyId: 'two' })], ['AWS_ACCESS_KEY_ID']],
    ['with a session of only one', ['s3', s3()], ['s3', s3({ sessionToken: 't' })], ['AWS_SESSION_TOKEN']],
    ['in two regions', ['s3', s3()], ['s3', s3({ region: 'eu-1' })], ['s3.region']],
    ['on two ports of SFTP', ['sftp', ssh()], ['sftp', ssh({ port: 23 })], ['sftp.args']],
    ['with two keys of SFTP', ['sftp', ssh()], ['sftp', ssh({ privateKey: 'OTHER' })], ['key']],
    [
      'with two configurations of rclone',
      ['rclone', drive()],
      ['rclone', drive({ config: '[drive]\n' })],
      ['rclone.conf'],
    ],
    ['with two authorities', ['s3', s3({ ca: PEM('a') })], ['rest', rest({ ca: PEM('b') })], ['ca.pem']],
    ['with an authority for one of two', ['s3', s3({ ca: PEM('a') })], ['rest', rest()], ['RESTIC_CACERT']],
  ])('%s', (_title, a, b, names) => {
    const problem = expect.objectContaining({
      code: 'REPOSITORIES_NOT_JOINABLE',
      details: { from: 'a', to: 'b', names },
    })
    expect(() => requireJoinable({ from: side('a', ...a), to: side('b', ...b) })).toThrow(problem)
  })
})

it('never sends the sign-in of one REST server to the other', async () => {
  const from = side('a', 'rest', { url: 'https://a.example.org' })
  const to = side('b', 'rest', rest({ user: 'ü@', password: 'p:/%' }))
  await using pair = await openPair({} as AccessDeps, { from, to })
  expect(pair).toMatchObject({
    location: 'rest:https://%C3%BC%40:p%3A%2F%25@b.example.org/',
    from: { location: 'rest:https://a.example.org/' },
    env: {},
  })
})
