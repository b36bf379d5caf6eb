/** A header of this length comes from nobody: the parser refuses it. */
const LONGEST = 64 * 1024

/**
 * Knows the secrets of the map in every spelling in which a sender may show one by mistake: as they are, in base64 and
 * in hex. GitHub sent the secrets of some hooks along for months, in base64.
 *
 * @see "GitHub webhook secret exposure", April 2026: the header X-Github-Encoded-Secret
 */
export class Leaks {
  readonly #spellings = new Set<string>()
  /** 1 at each length that a spelling has: most values are of none, and need not be hashed. */
  readonly #lengths = new Uint8Array(LONGEST)

  /** @param secrets the bytes of each; one that no header can hold is left out */
  constructor(secrets: Iterable<Uint8Array>) {
    for (const secret of secrets) this.add(secret)
  }

  /** Knows one more from now on: a key that a sender handed over. */
  add(secret: Uint8Array): void {
    for (const text of spellingsOf(secret)) {
      this.#spellings.add(text)
      this.#lengths[text.length] = 1
    }
  }

  /** Whether the value of a header, or what follows the scheme in one such as `Bearer x`, is a secret. */
  has(value: string): boolean {
    if (this.#knows(value)) return true
    const space = value.lastIndexOf(' ')
    return space !== -1 && this.#knows(value.slice(space + 1))
  }

  #knows(text: string): boolean {
    return this.#lengths[text.length] === 1 && this.#spellings.has(text)
  }
}

/** As header values come: bytes as latin-1 text. */
function spellingsOf(secret: Uint8Array): string[] {
  const bytes = Buffer.from(secret.buffer, secret.byteOffset, secret.byteLength)
  const [plain, hex] = [bytes.toString('base64'), bytes.toString('hex')]
  const url = bytes.toString('base64url')
  const padding = '='.repeat(plain.length - url.length)
  const unpadded = plain.slice(0, url.length)
  const all = [bytes.toString('latin1'), plain, unpadded, url, url + padding]
  return [...all, hex, hex.toUpperCase()].filter(({ length }) => length < LONGEST)
}
