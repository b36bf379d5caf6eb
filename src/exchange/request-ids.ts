/** Names requests: a word of this process, then a count. Whoever sees one learns nothing but that. */
export class RequestIds {
  readonly #prefix: string
  #count = 0

  /** @param unique a word that no other process has, of letters and digits */
  constructor(unique: string) {
    this.#prefix = `${unique}-`
  }

  next(): string {
    return this.#prefix + (++this.#count).toString(36)
  }
}
