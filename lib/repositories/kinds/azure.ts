import { z } from 'zod'
import { secretText } from '#lib/forms/settings.ts'
import { folder } from '../fields.ts'
import type { RepositoryKind } from '../kind.ts'
import { connectTo } from '../reach/connect-to.ts'

const azureSettings = z
  .strictObject({
    account: z
      .string()
      .regex(/^[a-z0-9]{3,24}$/, 'must be a storage account’s name')
      .meta({ title: 'Storage account' }),
    container: z
      .string()
      .regex(/^[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$/, 'must be a container’s name')
      .meta({ title: 'Container' }),
    prefix: folder.default('').meta({ title: 'Folder in the container', examples: ['production'] }),
    accountKey: secretText.optional().meta({ title: 'Account key', secret: true }),
    sharedAccessSignature: secretText
      .optional()
      .meta({ title: 'Shared access signature', description: 'Instead of the account key.', secret: true }),
    endpointSuffix: z
      .string()
      .regex(/^[a-z0-9.-]+$/, 'must be a domain')
      .default('core.windows.net')
      .meta({ title: 'Domain of the cloud', advanced: true }),
  })
  .refine((s) => (s.accountKey === undefined) !== (s.sharedAccessSignature === undefined), {
    path: ['accountKey'],
    message: 'give either the account key or a shared access signature',
  })

/** A container of Azure Blob Storage, by restic's own variables. */
export const azure: RepositoryKind<z.infer<typeof azureSettings>> = {
  kind: 'azure',
  title: 'Azure Blob Storage',
  settings: azureSettings,
  secretFields: ['accountKey', 'sharedAccessSignature'],
  location: ({ container, prefix }) => `azure:${container}:/${prefix}`,
  backend: (s) => ({
    env: {
      AZURE_ACCOUNT_NAME: s.account,
      AZURE_ENDPOINT_SUFFIX: s.endpointSuffix,
      ...(s.accountKey ? { AZURE_ACCOUNT_KEY: s.accountKey } : {}),
      ...(s.sharedAccessSignature ? { AZURE_ACCOUNT_SAS: s.sharedAccessSignature } : {}),
    },
  }),
  async reach(s, signal) {
    const socket = await connectTo(`${s.account}.blob.${s.endpointSuffix}`, 443, azure.location(s), signal)
    socket.destroy()
  },
}
