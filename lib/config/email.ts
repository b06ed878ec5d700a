import { z } from 'zod'

/** An email address as mail servers take it; `admin@localhost` is one. No spaces, no control characters, one @. */
export const emailAddress = z
  .string()
  .max(254)
  .regex(/^[^\s@<>,;:"\\\p{Cc}]+@[^\s@<>,;:"\\\p{Cc}]+$/u, 'is not an email address')
