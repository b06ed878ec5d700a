import { z } from 'zod'
import { absolutePath, secretText } from '#lib/forms/settings.ts'

const line = (max: number) =>
  z
    .string()
    .min(1, 'must not be empty')
    .max(max, 'is too long')
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is refused
    .refine((text) => !/[\0-\x1f\x7f]/.test(text), 'must be one line without control characters')

const endpoint = z
  .string()
  .max(1024, 'is too long')
  .refine((text) => text === '' || isPlainOrigin(text), 'must be like https://s3.example.org, without path or password')
  .transform((text) => text.replace(/\/$/, ''))

export const s3Fields = {
  /** An origin; empty for Amazon's own. */
  endpoint: endpoint.default('').meta({
    title: 'Address',
    description: 'Of the storage service. Empty for Amazon S3.',
    examples: ['https://s3.example.org'],
  }),
  region: z
    .string()
    .regex(/^[A-Za-z0-9][A-Za-z0-9-]{0,63}$/, 'must be a region such as eu-central-1')
    .default('us-east-1')
    .meta({ title: 'Region', description: 'As the service calls it; many that are not Amazon’s take us-east-1.' }),
  accessKeyId: line(256)
    .refine((text) => !/[\s/,]/.test(text), 'must not contain spaces, slashes or commas')
    .meta({ title: 'Access key ID', examples: ['AKIAIOSFODNN7EXAMPLE'] }),
  secretAccessKey: secretText.meta({ title: 'Secret access key', secret: true }),
  /** https://host/bucket/key rather than https://bucket.host/key. */
  pathStyle: z.boolean().default(true).meta({
    title: 'Bucket in the path',
    description: 'As most services take it. Without, the bucket’s name is put before the host’s.',
    advanced: true,
  }),
  /** A PEM file on the worker. The server's certificate is always checked: against it, or against the usual authorities. */
  caFile: absolutePath.optional().meta({
    title: 'Authority’s certificate',
    description: 'A PEM file on the worker, for a service whose certificate no public authority signed.',
    advanced: true,
  }),
}

export const bucketName = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{1,253}[A-Za-z0-9]$/, 'must be the name of a bucket')
  .meta({ title: 'Bucket', examples: ['uploads'] })

const s3Connection = z.object(s3Fields)
export type S3Connection = z.infer<typeof s3Connection>

/** The origin that requests go to. */
export function originOf(connection: Pick<S3Connection, 'endpoint' | 'region'>): string {
  return connection.endpoint === '' ? `https://s3.${connection.region}.amazonaws.com` : connection.endpoint
}

function isPlainOrigin(text: string): boolean {
  if (!URL.canParse(text)) return false
  const url = new URL(text)
  return (url.protocol === 'https:' || url.protocol === 'http:') && url.host !== '' && `${url.origin}/` === url.href
}
