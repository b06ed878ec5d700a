import aws4 from 'aws4'
import { z } from 'zod'
import { CodedError } from '#lib/errors/coded-error.ts'
import { secretText } from '#lib/forms/settings.ts'
import { authorities, folder, origin, word } from '../fields.ts'
import type { RepositoryKind } from '../kind.ts'
import { ask } from '../reach/ask.ts'

const s3Settings = z.strictObject({
  endpoint: origin.default('https://s3.amazonaws.com').meta({
    title: 'Address',
    description: 'Of the service, without the bucket.',
    examples: ['https://s3.eu-central-1.amazonaws.com'],
  }),
  region: word(100).default('us-east-1').meta({
    title: 'Region',
    description: 'Services without regions take any.',
  }),
  bucket: z
    .string()
    .regex(/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/, 'must be a bucket’s name')
    .meta({ title: 'Bucket', examples: ['company-backups'] }),
  prefix: folder.default('').meta({ title: 'Folder in the bucket', examples: ['production'] }),
  accessKeyId: word(200).meta({ title: 'Access key id' }),
  secretAccessKey: secretText.meta({ title: 'Secret access key', secret: true }),
  sessionToken: secretText.optional().meta({ title: 'Session token', secret: true, advanced: true }),
  pathStyle: z.boolean().default(false).meta({
    title: 'The bucket is part of the path',
    description: 'As MinIO and other servers of one’s own want it; else it is part of the host name.',
  }),
  storageClass: z
    .enum(['STANDARD', 'STANDARD_IA', 'ONEZONE_IA', 'INTELLIGENT_TIERING', 'REDUCED_REDUNDANCY'])
    .optional()
    .meta({
      title: 'Storage class',
      description: 'Of new data. Classes that must be thawed first are not offered.',
      advanced: true,
    }),
  ca: authorities,
})

type S3Settings = z.infer<typeof s3Settings>

/** A bucket of Amazon S3 or a service that speaks its protocol. */
export const s3: RepositoryKind<S3Settings> = {
  kind: 's3',
  title: 'S3 bucket',
  settings: s3Settings,
  secretFields: ['secretAccessKey', 'sessionToken'],
  location: ({ endpoint, bucket, prefix }) => `s3:${endpoint}/${bucket}${prefix === '' ? '' : `/${prefix}`}`,

  backend(s) {
    return {
      env: {
        AWS_ACCESS_KEY_ID: s.accessKeyId,
        AWS_SECRET_ACCESS_KEY: s.secretAccessKey,
        ...(s.sessionToken ? { AWS_SESSION_TOKEN: s.sessionToken } : {}),
        ...(s.ca ? { RESTIC_CACERT: './ca.pem' } : {}),
      },
      options: [
        `s3.region=${s.region}`, // without it a wrong key or bucket is retried for minutes
        `s3.bucket-lookup=${s.pathStyle ? 'path' : 'dns'}`,
        ...(s.storageClass ? [`s3.storage-class=${s.storageClass}`] : []),
      ],
      files: s.ca ? [{ name: 'ca.pem', content: s.ca }] : [],
    }
  },

  /** Asks for one key of the bucket's list. */
  async reach(s, signal) {
    const status = await askSigned(s, 'GET', '?list-type=2&max-keys=1', signal)
    if (status === 404)
      throw new CodedError('REPOSITORY_PLACE_UNKNOWN', { repository: s3.location(s), place: `bucket ${s.bucket}` })
    refuse(s3.location(s), status)
  },

  async removeLock(s, id, signal) {
    const key = [...s.prefix.split('/'), 'locks', id].filter((part) => part !== '').map(encodeURIComponent)
    const status = await askSigned(s, 'DELETE', key.join('/'), signal)
    if (status !== 404) refuse(s3.location(s), status)
  },
}

/** One request about `what` of the bucket, a key or a query, signed (AWS signature version 4). */
function askSigned(s: S3Settings, method: 'GET' | 'DELETE', what: string, signal: AbortSignal): Promise<number> {
  const endpoint = new URL(s.endpoint)
  const host = s.pathStyle ? endpoint.host : `${s.bucket}.${endpoint.host}`
  const path = `${s.pathStyle ? `/${s.bucket}` : ''}/${what}`
  const { headers } = aws4.sign(
    { service: 's3', region: s.region, host, path, method },
    {
      accessKeyId: s.accessKeyId,
      secretAccessKey: s.secretAccessKey.reveal(),
      ...(s.sessionToken ? { sessionToken: s.sessionToken.reveal() } : {}),
    },
  )
  const url = new URL(`${endpoint.protocol}//${host}${path}`)
  return ask({ url, method, headers: headers as Record<string, string>, ca: s.ca }, s3.location(s), signal)
}

function refuse(repository: string, status: number): void {
  if (status === 301 || status === 400)
    throw new CodedError('REPOSITORY_REFUSED', {
      repository,
      reason: `status ${status}: the region or the address is another`,
    })
  if (status === 401 || status === 403)
    throw new CodedError('REPOSITORY_ACCESS_DENIED', { repository, reason: `status ${status}` })
  if (status >= 300) throw new CodedError('REPOSITORY_REFUSED', { repository, reason: `status ${status}` })
}
