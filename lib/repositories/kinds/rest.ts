import { z } from 'zod'
import { CodedError, isCoded } from '#lib/errors/coded-error.ts'
import { secretText } from '#lib/forms/settings.ts'
import { Secret } from '#lib/secrets/secret.ts'
import { authorities, folder, origin, word } from '../fields.ts'
import type { Backend, RepositoryKind } from '../kind.ts'
import { ask, type Question } from '../reach/ask.ts'

const restSettings = z
  .strictObject({
    url: origin.meta({ title: 'Address', examples: ['https://backup.example.org:8000'] }),
    path: folder.default('').meta({ title: 'Folder on the server', examples: ['production'] }),
    user: word(200).optional().meta({ title: 'User' }),
    password: secretText.optional().meta({ title: 'Password', secret: true }),
    ca: authorities,
  })
  .refine((s) => (s.user === undefined) === (s.password === undefined), {
    path: ['password'],
    message: 'a user and a password belong together',
  })

type RestSettings = z.infer<typeof restSettings>

/** restic's REST server, or a program that speaks its protocol, such as `rclone serve restic`. */
export const rest: RepositoryKind<RestSettings> = {
  kind: 'rest',
  title: 'REST server',
  settings: restSettings,
  secretFields: ['password'],
  location: ({ url, path }) => `rest:${url}/${path === '' ? '' : `${path}/`}`,

  backend(s) {
    const { env, files } = authoritiesOf(s)
    const signIn = s.user && s.password && { RESTIC_REST_USERNAME: s.user, RESTIC_REST_PASSWORD: s.password }
    return { env: { ...signIn, ...env }, files }
  },

  besideOwnKind(s) {
    const signIn =
      s.user && s.password ? `${encodeURIComponent(s.user)}:${encodeURIComponent(s.password.reveal())}@` : ''
    return { location: new Secret(rest.location(s).replace('://', `://${signIn}`)), backend: authoritiesOf(s) }
  },

  /** Asks for the repository's config file: there, not there yet, or not for us. */
  reach: (s, signal) => askFor(s, 'config', { method: 'HEAD' }, signal, [404]),

  removeLock: (s, id, signal) => askFor(s, `locks/${id}`, { method: 'DELETE' }, signal, [404]),

  /** A server that only appends takes one that is not there, and refuses to replace one that is. */
  async putFile(s, name, content, signal) {
    await askFor(s, name, { method: 'DELETE' }, signal, [404]).catch((thrown: unknown) => {
      if (!isCoded(thrown, 'REPOSITORY_ACCESS_DENIED')) throw thrown
    })
    await askFor(s, name, { method: 'POST', body: content }, signal, [])
  },
}

/** Rejects with what every other status means than success and those that are accepted. */
async function askFor(
  s: RestSettings,
  file: string,
  question: Pick<Question, 'method' | 'body'>,
  signal: AbortSignal,
  accepted: readonly number[],
): Promise<void> {
  const repository = rest.location(s)
  const url = new URL(`${s.url}/${s.path === '' ? '' : `${s.path}/`}${file}`)
  const basic = Buffer.from(`${s.user}:${s.password?.reveal()}`).toString('base64')
  const headers: Record<string, string> = s.user ? { authorization: `Basic ${basic}` } : {}
  const status = await ask({ url, headers, ca: s.ca, ...question }, repository, signal)
  if (status === 401 || status === 403)
    throw new CodedError('REPOSITORY_ACCESS_DENIED', { repository, reason: `status ${status}` })
  if (status >= 300 && !accepted.includes(status))
    throw new CodedError('REPOSITORY_REFUSED', { repository, reason: `status ${status}` })
}

function authoritiesOf({ ca }: RestSettings): Backend {
  return ca ? { env: { RESTIC_CACERT: './ca.pem' }, files: [{ name: 'ca.pem', content: ca }] } : {}
}
