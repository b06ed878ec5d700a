import { z } from 'zod'
import { secretText } from '#lib/forms/settings.ts'
import { folder, word } from '../fields.ts'
import type { RepositoryKind } from '../kind.ts'
import { connectTo } from '../reach/connect-to.ts'

const gsSettings = z.strictObject({
  bucket: z
    .string()
    .regex(/^[a-z0-9][a-z0-9._-]{1,220}[a-z0-9]$/, 'must be a bucket’s name')
    .meta({ title: 'Bucket' }),
  prefix: folder.default('').meta({ title: 'Folder in the bucket', examples: ['production'] }),
  projectId: word(100).meta({ title: 'Project id' }),
  credentials: secretText.meta({
    title: 'Service account key',
    description: 'The JSON file that Google Cloud gives for the key.',
    secret: true,
    multiline: true,
  }),
})

/** A bucket of Google Cloud Storage, by restic's own variables. */
export const gs: RepositoryKind<z.infer<typeof gsSettings>> = {
  kind: 'gs',
  title: 'Google Cloud Storage',
  settings: gsSettings,
  secretFields: ['credentials'],
  location: ({ bucket, prefix }) => `gs:${bucket}:/${prefix}`,
  backend: (s) => ({
    env: {
      GOOGLE_PROJECT_ID: s.projectId,
      GOOGLE_APPLICATION_CREDENTIALS: './credentials.json',
    },
    files: [{ name: 'credentials.json', content: s.credentials }],
  }),
  async reach(s, signal) {
    const socket = await connectTo('storage.googleapis.com', 443, gs.location(s), signal)
    socket.destroy()
  },
}
