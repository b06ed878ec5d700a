import { z } from 'zod'
import { secretText } from '#lib/forms/settings.ts'

const isHook = (text: string) => {
  const url = URL.parse(text)
  return url !== null && /^https?:$/.test(url.protocol) && url.username === '' && url.password === ''
}

/** The address of an incoming webhook. Whoever has it can write there, so it is a secret. */
export const hookAddress = secretText.refine(
  (secret) => secret.reveal().length <= 2000 && isHook(secret.reveal()),
  'must be an address like https://example.org/hook, without a user or password',
)

/** E.164: a plus, the country, the number. */
export const phoneNumbers = z
  .array(z.string().regex(/^\+[1-9]\d{4,14}$/, 'must be like +4915112345678'))
  .min(1, 'needs at least one number')
  .max(20, 'may be at most 20')
  .transform((numbers) => [...new Set(numbers)])
