import { inspect } from 'node:util'

/** The bytes of a secret. Prints as `[secret]`, however it is printed, so that no log or message can give it away. */
export class Secret {
  readonly #bytes: Uint8Array

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
  }

  /** For those who compute with it. */
  get bytes(): Uint8Array {
    return this.#bytes
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
