import { z } from 'zod'

/** Where a secret comes from; see settings.ts. */
export const secretForm = z.union(
  [
    z.strictObject({ secret: z.literal('kept') }),
    z.strictObject({ fromEnv: z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/, 'must be a variable’s name') }),
    z.strictObject({ fromFile: z.string().min(1, 'must not be empty').max(4096, 'is too long') }),
  ],
  'must be {secret: kept}, {fromEnv: NAME} or {fromFile: path}: secrets themselves do not belong into this file',
)
export type SecretForm = z.output<typeof secretForm>

/** In the place of a secret that is stored, and of one that differs from it. */
export const KEPT = { secret: 'kept' }
export const ANOTHER = { secret: 'another' }

/** How to give one that nobody knows here. */
export const howToGive = (asked: SecretForm | undefined): string =>
  asked && !('secret' in asked)
    ? `${Object.values(asked)[0]} is not set where the file is applied from`
    : 'give it as {fromEnv: NAME} or {fromFile: path}'
