import { z } from 'zod'
import { absolutePath, secretText } from '#lib/forms/settings.ts'
import { Secret } from '#lib/secrets/secret.ts'
import type { BackendFile, RepositoryKind } from '../kind.ts'
import { putFile, removeFile, spaceOf, withSftp } from '../reach/sftp.ts'

const sftpSettings = z
  .strictObject({
    host: z
      .string()
      .max(255, 'is too long')
      .regex(/^[A-Za-z0-9_.:][A-Za-z0-9_.:-]*$/, 'must be a host name or an address')
      .meta({ title: 'Host', examples: ['backup.example.org'] }),
    port: z.int().min(1).max(65535).default(22).meta({ title: 'Port' }),
    user: z
      .string()
      .max(100, 'is too long')
      .regex(/^[A-Za-z0-9_][A-Za-z0-9_.-]*$/, 'may hold letters, digits, “.”, “-” and “_”')
      .meta({ title: 'User', examples: ['backup'] }),
    path: absolutePath.meta({ title: 'Folder on the server', examples: ['/srv/restic'] }),
    hostKey: z
      .string()
      .max(4096, 'is too long')
      .transform((text) => text.trim())
      .pipe(z.string().regex(/^[a-z0-9@.-]+ [A-Za-z0-9+/]+=*( [^\r\n]*)?$/, 'must be one line: “ssh-ed25519 AAAA…”'))
      .meta({
        title: 'Host key',
        description: 'The server’s public key, from /etc/ssh/ssh_host_ed25519_key.pub. No other server is trusted.',
        examples: ['ssh-ed25519 AAAAC3Nza…'],
      }),
    privateKey: secretText.optional().meta({
      title: 'Private key',
      description: 'In OpenSSH’s format, without a passphrase. Or give a password.',
      secret: true,
      multiline: true,
    }),
    password: secretText.optional().meta({ title: 'Password', description: 'Where there is no key.', secret: true }),
  })
  .refine((s) => (s.privateKey === undefined) !== (s.password === undefined), {
    path: ['privateKey'],
    message: 'give either a private key or a password',
  })

export type SftpSettings = z.infer<typeof sftpSettings>

/** The name under which the pinned key is known, whatever the server's address. */
const ALIAS = 'repository'

/** A folder on a server, through the system's OpenSSH client. */
export const sftp: RepositoryKind<SftpSettings> = {
  kind: 'sftp',
  title: 'SFTP server',
  settings: sftpSettings,
  secretFields: ['privateKey', 'password'],
  location: ({ user, host, path }) => `sftp:${user}@${host.includes(':') ? `[${host}]` : host}:${path}`,

  backend(settings) {
    const signIn = signInWith(settings)
    const [type, key] = settings.hostKey.split(' ')
    const options = {
      ConnectTimeout: '10',
      ServerAliveInterval: '15',
      ServerAliveCountMax: '4',
      StrictHostKeyChecking: 'yes',
      UserKnownHostsFile: './known_hosts',
      GlobalKnownHostsFile: '/dev/null',
      HostKeyAlias: ALIAS,
      ...signIn.options,
    }
    const words = Object.entries(options).map(([name, value]) => `-o ${name}=${value}`)
    return {
      env: signIn.env,
      options: [`sftp.args=-F /dev/null -p ${settings.port} ${words.join(' ')}`],
      files: [{ name: 'known_hosts', content: `${ALIAS} ${type} ${key}\n` }, ...signIn.files],
    }
  },

  reach: (settings, signal) => withSftp(settings, signal, async () => {}),
  removeLock: (settings, id, signal) =>
    withSftp(settings, signal, (sftp) => removeFile(sftp, `${settings.path}/locks/${id}`)),
  putFile: (settings, name, content, signal) =>
    withSftp(settings, signal, (sftp) => putFile(sftp, `${settings.path}/${name}`, content)),
  space: (settings, signal) => withSftp(settings, signal, (sftp) => spaceOf(sftp, settings.path)),
}

interface SignIn {
  env: Record<string, string>
  options: Record<string, string>
  files: BackendFile[]
}

function signInWith({ privateKey, password }: SftpSettings): SignIn {
  if (privateKey)
    return {
      env: {},
      options: { BatchMode: 'yes', IdentityFile: './key', IdentitiesOnly: 'yes', IdentityAgent: 'none' },
      files: [{ name: 'key', content: new Secret(`${privateKey.reveal().trim()}\n`) }],
    }
  return {
    // OpenSSH takes a password from a terminal or from what this program prints, and from nowhere else.
    env: { SSH_ASKPASS: './ask', SSH_ASKPASS_REQUIRE: 'force' },
    options: {
      PubkeyAuthentication: 'no',
      PreferredAuthentications: 'password,keyboard-interactive',
      NumberOfPasswordPrompts: '1',
    },
    files: [
      { name: 'password', content: password as Secret },
      { name: 'ask', content: '#!/bin/sh\nexec cat ./password\n', isProgram: true },
    ],
  }
}
