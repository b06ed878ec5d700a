import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll } from 'vitest'
import { makeBucket } from '#lib/sources/s3/bucket.fixture.ts'
import { type RcloneServer, startRcloneServer } from '#lib/testing/rclone-server.ts'
import { type S3Server, s3ServerMissing, startS3Server } from '#lib/testing/s3-server.ts'
import { mountSmallDisk, type SmallDisk, smallDiskMissing } from '#lib/testing/small-disk.ts'
import { makeSshKey, type SshServer, startSshServer } from '#lib/testing/ssh-server.ts'
import { describeRepository } from './conformance.ts'

let folder: string
let ssh: SshServer
let files: RcloneServer
let rest: RcloneServer
let keeping: RcloneServer
let filesKey: string
let s3: S3Server
let bucket: string
let places = 0

/** By the kind whose places lie on them. */
const disks: Record<string, SmallDisk> = {}
const DISK_MEGABYTES = 48

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'repositories-'))
  filesKey = (await makeSshKey(folder, 'host')).public
  const startS3 = async () => {
    if ((await s3ServerMissing()) !== null) return
    s3 = await startS3Server({ tls: true, ...(smallDiskMissing === null && { diskMegabytes: DISK_MEGABYTES }) })
    bucket = await makeBucket(s3)
  }
  ;[ssh, files, rest, keeping] = await Promise.all([
    startSshServer(),
    startRcloneServer('sftp', ['--key', join(folder, 'host')]),
    startRcloneServer('restic'),
    startRcloneServer('restic', ['--append-only']),
    startS3(),
  ])
  const small = { local: join(folder, 'local'), sftp: join(folder, 'sftp'), rest: join(rest.folder, 'small') }
  for (const [kind, path] of Object.entries(small))
    if (smallDiskMissing) await mkdir(path)
    else disks[kind] = await mountSmallDisk(path, DISK_MEGABYTES)
})
afterAll(async () => {
  for (const disk of Object.values(disks)) disk.unmount()
  await Promise.all([ssh?.stop(), files?.stop(), rest?.stop(), keeping?.stop(), s3?.stop()])
  await rm(folder, { recursive: true, force: true })
})

const freshFolder = (within: string) => join(folder, within, `place ${++places}`)
const diskOf = (kind: string) => () => disks[kind] as SmallDisk

describeRepository('local', {
  missing: null,
  fresh: async () => ({ path: freshFolder('local') }),
  wrong: {
    'its disk is not mounted': {
      change: () => ({ path: join(folder, 'not/mounted') }),
      code: 'REPOSITORY_UNREACHABLE',
    },
  },
  server: null,
  disk: { get: diskOf('local'), saysWhenFull: true },
})

const OTHER_KEY = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA'
const unreachable = { change: (settings: object) => ({ ...settings, port: 1 }), code: 'REPOSITORY_UNREACHABLE' }

describeRepository('sftp', {
  missing: null,
  fresh: async () => ({
    host: '127.0.0.1',
    port: ssh.port,
    user: ssh.user,
    path: freshFolder('sftp'),
    hostKey: ssh.hostKey,
    privateKey: ssh.privateKey,
  }),
  wrong: {
    'nothing listens': unreachable,
    'the host is another': {
      change: (settings) => ({ ...settings, hostKey: OTHER_KEY }),
      code: 'REPOSITORY_HOST_KEY_WRONG',
    },
    'the host has no key of that kind': {
      change: (settings) => ({ ...settings, hostKey: `ssh-rsa ${OTHER_KEY.split(' ')[1]}` }),
      code: 'REPOSITORY_HOST_KEY_WRONG',
    },
    'the user is unknown': {
      change: (settings) => ({ ...settings, user: 'nobody-of-that-name' }),
      code: 'REPOSITORY_ACCESS_DENIED',
    },
  },
  server: () => ssh,
  link: { port: () => ssh.port, through: (settings, port) => ({ ...settings, port }) },
  disk: { get: diskOf('sftp'), saysWhenFull: true },
})

describeRepository('sftp', {
  missing: null,
  fresh: async () => ({
    host: '127.0.0.1',
    port: files.port,
    user: files.user,
    path: `/place${++places}`,
    hostKey: filesKey,
    password: files.password,
  }),
  wrong: {
    'the password is wrong': {
      change: (settings) => ({ ...settings, password: 'wrong' }),
      code: 'REPOSITORY_ACCESS_DENIED',
    },
  },
  server: null,
})

const urlOf = (port: number) => `http://127.0.0.1:${port}`
const restOf = (server: () => RcloneServer) => async () => ({
  url: urlOf(server().port),
  path: `small/place${++places}`,
  user: server().user,
  password: server().password,
})
const restWrong = {
  'nothing listens': {
    change: (settings: object) => ({ ...settings, url: 'http://127.0.0.1:1' }),
    code: 'REPOSITORY_UNREACHABLE',
  },
  'the password of the server is wrong': {
    change: (settings: object) => ({ ...settings, password: 'wrong' }),
    code: 'REPOSITORY_ACCESS_DENIED',
  },
  'the server does not speak TLS': {
    change: async (settings: { url?: string }) => ({ ...settings, url: settings.url?.replace('http:', 'https:') }),
    code: 'REPOSITORY_TLS_FAILED',
  },
}
describeRepository('rest', {
  missing: null,
  fresh: restOf(() => rest),
  wrong: restWrong,
  server: () => rest,
  isLostForLong: true,
  link: { port: () => rest.port, through: (settings, port) => ({ ...settings, url: urlOf(port) }) },
  disk: { get: diskOf('rest'), saysWhenFull: false },
})
describeRepository('rest', { missing: null, fresh: restOf(() => keeping), wrong: {}, server: null, appendOnly: true })

describeRepository('s3', {
  missing: await s3ServerMissing(),
  fresh: async () => ({
    endpoint: s3.endpoint,
    region: s3.region,
    bucket,
    prefix: `place ${++places}`,
    ...s3.owner,
    pathStyle: true,
    ca: await readFile(s3.caFile as string, 'utf8'),
  }),
  wrong: {
    'nothing listens': {
      change: (settings) => ({ ...settings, endpoint: 'https://127.0.0.1:1' }),
      code: 'REPOSITORY_UNREACHABLE',
    },
    'the key is wrong': {
      change: (settings) => ({ ...settings, secretAccessKey: 'wrong' }),
      code: 'REPOSITORY_ACCESS_DENIED',
    },
    'the bucket is missing': {
      change: (settings) => ({ ...settings, bucket: 'no-such-bucket' }),
      code: 'REPOSITORY_PLACE_UNKNOWN',
    },
    'the region is another': {
      change: (settings) => ({ ...settings, region: 'eu-elsewhere-1' }),
      code: 'REPOSITORY_REFUSED',
    },
    'nobody vouches for its certificate': {
      change: (settings) => ({ ...settings, ca: undefined }),
      code: 'REPOSITORY_TLS_FAILED',
    },
  },
  server: () => s3,
  link: {
    port: () => Number(new URL(s3.endpoint).port),
    through: (settings, port) => ({ ...settings, endpoint: `https://127.0.0.1:${port}` }),
  },
  disk: { get: () => s3.disk as SmallDisk, saysWhenFull: false },
})

describeRepository('rclone', {
  missing: null,
  fresh: async () => ({
    remote: 'disk',
    path: `place${++places}`,
    config: `[disk]\ntype = alias\nremote = ${folder}\n`,
  }),
  wrong: {},
  server: null,
})
