/** A random idempotency key. `crypto.randomUUID` is missing on plain http, where this console may well be opened. */
export function randomKey(): string {
  const numbers = crypto.getRandomValues(new Uint8Array(16))
  return `console-${Array.from(numbers, (n) => n.toString(16).padStart(2, '0')).join('')}`
}
