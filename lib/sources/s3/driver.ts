import { join } from 'node:path'
import { openS3, type S3Client } from '../connections/s3-client.ts'
import { listBuckets } from '../connections/s3-list.ts'
import type { S3Connection } from '../connections/s3-settings.ts'
import type { DriverContext, SourceDriver } from '../driver.ts'
import { byHand } from './by-hand.ts'
import { collect } from './collect.ts'
import { findObjects } from './objects.ts'
import { previewBucket, probeBucket } from './probe.ts'
import { findRclone } from './rclone.ts'
import { restoreObjects } from './restore.ts'
import { type S3Settings, s3Server, s3Settings } from './settings.ts'

const REASONS_IN_LOG = 100

/**
 * A bucket, or a folder of one. What changed since the last run is brought into a folder that stays, by rclone, and restic
 * saves the folder: docs/decisions has the reasons and figures.
 */
export const s3Driver: SourceDriver<S3Settings> = {
  kind: 's3',
  type: 'STORAGE',
  title: 'S3 bucket',
  settings: s3Settings,
  secretFields: ['secretAccessKey'],
  byHand,
  serverFields: ['endpoint'],
  discovery: {
    settings: s3Server,
    field: 'bucket',
    find: (server, ctx) =>
      withS3(server as S3Connection, ctx, async (client) => {
        const names = await listBuckets(client, server as S3Connection)
        return names.map((name) => ({ name, bytes: null }))
      }),
  },

  probe: (settings, ctx) => withS3(settings, ctx, (client) => probeBucket(client, settings, ctx)),
  preview: (settings, ctx) => withS3(settings, ctx, (client) => previewBucket(client, settings)),

  async open(settings, ctx) {
    const program = await findRclone(ctx)
    ctx.log('info', `rclone ${program.version} (${program.command})`)
    const { folder, saved, failed } = await withS3(settings, ctx, (client) => collect(client, settings, program, ctx))
    for (const { key, reason } of failed.slice(0, REASONS_IN_LOG)) ctx.log('warning', `${key}: ${reason}`)
    return {
      shape: 'paths',
      include: [folder],
      exclude: [],
      oneFileSystem: false,
      unsaved: async (areSaved) => {
        const paths = new Map(saved.map(({ key, file }) => [join(folder, file), key]))
        const inSnapshot = await areSaved([...paths.keys()])
        const lost = [...paths].filter(([path]) => !inSnapshot.has(path)).map(([, key]) => key)
        return [...failed.map(({ key }) => key), ...lost].map((key) => `${settings.bucket}/${key}`)
      },
      close: async () => {}, // the folder stays for the next run
    }
  },

  restore: restoreObjects,

  async inspect(settings, ctx) {
    const { objects } = await withS3(settings, ctx, (client) => findObjects(client, settings))
    const bytes = [...objects.values()].reduce((sum, object) => sum + object.bytes, 0)
    return { tables: null, files: objects.size, bytes }
  },
}

async function withS3<T>(
  connection: S3Connection,
  ctx: Pick<DriverContext, 'signal'>,
  work: (client: S3Client) => Promise<T>,
): Promise<T> {
  ctx.signal.throwIfAborted()
  const client = await openS3(connection, ctx.signal)
  try {
    return await work(client)
  } finally {
    client.close()
  }
}
