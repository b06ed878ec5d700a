import { z } from 'zod'
import { secretText } from '#lib/forms/settings.ts'
import { folder, word } from '../fields.ts'
import type { RepositoryKind } from '../kind.ts'
import { connectTo } from '../reach/connect-to.ts'

const b2Settings = z.strictObject({
  bucket: z
    .string()
    .regex(/^[A-Za-z0-9][A-Za-z0-9-]{4,48}[A-Za-z0-9]$/, 'must be a bucket’s name')
    .meta({ title: 'Bucket' }),
  prefix: folder.default('').meta({ title: 'Folder in the bucket', examples: ['production'] }),
  keyId: word(100).meta({ title: 'Application key id' }),
  applicationKey: secretText.meta({ title: 'Application key', secret: true }),
})

/** A bucket of Backblaze B2, by restic's own variables. */
export const b2: RepositoryKind<z.infer<typeof b2Settings>> = {
  kind: 'b2',
  title: 'Backblaze B2',
  settings: b2Settings,
  secretFields: ['applicationKey'],
  location: ({ bucket, prefix }) => `b2:${bucket}:${prefix}`,
  backend: (s) => ({ env: { B2_ACCOUNT_ID: s.keyId, B2_ACCOUNT_KEY: s.applicationKey } }),
  async reach(s, signal) {
    const socket = await connectTo('api.backblazeb2.com', 443, b2.location(s), signal)
    socket.destroy()
  },
}
