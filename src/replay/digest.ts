/**
 * Four words that stand for a key, seeded so that nobody outside can aim at another's: 128 bits, of which two keys
 * of a full replay memory share all with a chance of one in 10^28. A key carries a signature, which its sender cannot choose,
 * so that mixing is enough and a cryptographic hash would only cost more.
 *
 * @see MurmurHash3, Austin Appleby: the finalizer of its 32-bit form closes each word
 */
export class KeyDigest {
  readonly words = new Uint32Array(4)
  readonly #seed: Uint32Array

  /** @param seed four random words */
  constructor(seed: Uint32Array) {
    this.#seed = seed
  }

  /** Puts the digest of `key` into `words`. */
  of(key: string): void {
    const seed = this.#seed
    let a = seed[0] as number
    let b = seed[1] as number
    let c = seed[2] as number
    let d = seed[3] as number
    for (let i = 0; i < key.length; i += 2) {
      const code = key.charCodeAt(i) | (key.charCodeAt(i + 1) << 16) // two characters of 16 bits; none counts as 0
      a = b ^ Math.imul(a ^ code, 0x239b961b)
      b = c ^ Math.imul(b ^ code, 0xab0e9789)
      c = d ^ Math.imul(c ^ code, 0x38b34ae5)
      d = a ^ Math.imul(d ^ code, 0xa1e38b93)
    }
    const { words } = this
    words[0] = closed(a ^ key.length)
    words[1] = closed(b + (words[0] as number))
    words[2] = closed(c + (words[1] as number))
    words[3] = closed(d + (words[2] as number))
  }
}

function closed(word: number): number {
  let mixed = word ^ (word >>> 16)
  mixed = Math.imul(mixed, 0x85ebca6b)
  mixed ^= mixed >>> 13
  mixed = Math.imul(mixed, 0xc2b2ae35)
  return mixed ^ (mixed >>> 16)
}
