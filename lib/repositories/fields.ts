import { z } from 'zod'

/** One line of text. */
export const word = (max: number) =>
  z
    .string()
    .min(1, 'must not be empty')
    .max(max, 'is too long')
    .regex(/^[^\p{Cc}]*$/u, 'must be one line')

/** Scheme, host and port. */
export const origin = z
  .string()
  .max(500, 'is too long')
  .transform((text) => text.replace(/\/+$/, ''))
  .pipe(z.string().regex(/^https?:\/\/[A-Za-z0-9.-]+(:\d{1,5})?$/, 'must be like https://host or https://host:port'))

/** A folder below a bucket or a container; empty: its root. Without slashes at the ends after parsing. */
export const folder = z
  .string()
  .max(500, 'is too long')
  .transform((text) => text.replace(/^\/+|\/+$/g, ''))
  .pipe(
    z
      .string()
      .regex(/^[^\p{Cc}\\?#]*$/u, 'must be one line without “\\”, “?” and “#”')
      .refine(
        (text) => text === '' || !text.split('/').some((part) => /^\.{0,2}$/.test(part)),
        'must not contain “..”',
      ),
  )

/** Certificates of authorities to trust. */
export const authorities = z
  .string()
  .max(200_000, 'is too long')
  .regex(/-----BEGIN CERTIFICATE-----/, 'must be certificates in PEM format')
  .optional()
  .meta({
    title: 'Authority’s certificate',
    description: 'PEM. Only for servers whose certificate no public authority signed.',
    multiline: true,
    advanced: true,
  })
