import { inspect } from 'node:util'

/**
 * A value that cannot print: String(), JSON, template literals and util.inspect all give `[secret]`.
 * `reveal()` is the one way out; call it where the value leaves for its consumer and nowhere else.
 */
export class Secret {
  readonly #value: string

  constructor(value: string) {
    this.#value = value
  }

  reveal(): string {
    return this.#value
  }

  toString(): string {
    return '[secret]'
  }

  toJSON(): string {
    return '[secret]'
  }

  [inspect.custom](): string {
    return '[secret]'
  }
}
