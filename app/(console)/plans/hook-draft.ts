/** A hook as the server answers and takes it. */
interface Hook {
  kind: 'webhook' | 'command'
  url?: string
  command?: string
  values?: { name: string; value: string }[]
  timeoutSeconds?: number
}

/** A hook as the form holds it. */
export interface HookDraft {
  kind: Hook['kind']
  url: string
  /** Typed now; a stored one is never shown. */
  token: string
  hasToken: boolean
  forgetsToken: boolean
  command: string
  /** Lines name=value. */
  values: string
  timeoutSeconds: string
}

export const newHook: HookDraft = {
  kind: 'webhook',
  url: '',
  token: '',
  hasToken: false,
  forgetsToken: false,
  command: '',
  values: '',
  timeoutSeconds: '',
}

export function hookDrafts(hooks: readonly unknown[] = [], withToken: readonly string[] = []): HookDraft[] {
  return (hooks as Hook[]).map(({ kind, url = '', command = '', values = [], timeoutSeconds }) => ({
    ...newHook,
    kind,
    url,
    hasToken: withToken.includes(url),
    command,
    values: values.map(({ name, value }) => `${name}=${value}`).join('\n'),
    timeoutSeconds: timeoutSeconds === undefined ? '' : String(timeoutSeconds),
  }))
}

/** What the server is asked for; seconds that are left out are its default. */
export function hookInputs(drafts: readonly HookDraft[]): object[] {
  return drafts.map(({ kind, url, command, values, timeoutSeconds }) => ({
    kind,
    ...(kind === 'webhook' ? { url } : { command, values: valuesOf(values) }),
    ...(timeoutSeconds.trim() !== '' && { timeoutSeconds: Number(timeoutSeconds) }),
  }))
}

/** The tokens that change; those that are not named stay. */
export function tokenInputs(drafts: readonly HookDraft[]): object[] {
  return drafts
    .filter(({ kind, token, forgetsToken }) => kind === 'webhook' && (token !== '' || forgetsToken))
    .map(({ url, token }) => ({ url, token: token || null }))
}

const valuesOf = (text: string) =>
  text
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map((line) => {
      const equals = line.indexOf('=')
      return equals === -1
        ? { name: line.trim(), value: '' }
        : { name: line.slice(0, equals).trim(), value: line.slice(equals + 1) }
    })

/** “Webhook to example.org”, for people who read the plan. */
export function hookWords(hook: unknown): string {
  const { kind, url = '', command = '', values = [] } = hook as Hook
  if (kind === 'webhook') return `Webhook: ${url}`
  return `Command: ${[command, ...values.map(({ name, value }) => `${name}=${value}`)].join(' ')}`
}
