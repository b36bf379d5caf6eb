import type { Scheme } from './scheme.ts'

/** How a signature is written. */
export type Encoding = NonNullable<Scheme['encoding']>

const STRICT = { lastChunkHandling: 'strict' } as const
const STRICT_URL = { lastChunkHandling: 'strict', alphabet: 'base64url' } as const

/**
 * Decodes a signature of `bytes` bytes, or gives undefined: wrong alphabet, wrong length, padding left out or
 * anything left over. The length is checked first, which also leaves no room for the whitespace that
 * `fromBase64` would pass over. `base64url` may come without its padding, as RFC 7515 writes it.
 */
export function decode(text: string, encoding: Encoding, bytes: number): Uint8Array | undefined {
  try {
    switch (encoding) {
      case 'hex':
        // ends at the first character that is none, so that its length tells
        return text.length === 2 * bytes ? exactly(bytes, Buffer.from(text, 'hex')) : undefined
      case 'base64':
        return text.length === padded(bytes)
          ? exactly(bytes, Uint8Array.fromBase64(text, STRICT))
          : undefined
      case 'base64url': {
        const whole = text.length === unpadded(bytes) ? text.padEnd(padded(bytes), '=') : text
        return whole.length === padded(bytes)
          ? exactly(bytes, Uint8Array.fromBase64(whole, STRICT_URL))
          : undefined
      }
      case 'base64+hex': {
        const hex = decode(text, 'base64', 2 * bytes)
        return hex && decode(Buffer.from(hex).toString('latin1'), 'hex', bytes)
      }
    }
  } catch {
    return undefined
  }
}

/** Decodes a signature of at most `most` bytes, as strictly. */
export function decodeUpTo(text: string, encoding: Encoding, most: number): Uint8Array | undefined {
  const bytes = lengthOf(text, encoding)
  return bytes > 0 && bytes <= most ? decode(text, encoding, bytes) : undefined
}

/** The bytes that a text of this length spells; of no meaning where it spells none. */
function lengthOf(text: string, encoding: Encoding): number {
  const digits = text.endsWith('==') ? text.length - 2 : text.length - (text.endsWith('=') ? 1 : 0)
  const base64 = Math.floor((digits * 3) / 4)
  switch (encoding) {
    case 'hex':
      return text.length / 2
    case 'base64':
    case 'base64url':
      return base64
    case 'base64+hex':
      return base64 / 2
  }
}

function exactly(bytes: number, decoded: Uint8Array): Uint8Array | undefined {
  return decoded.length === bytes ? decoded : undefined
}

function padded(bytes: number): number {
  return 4 * Math.ceil(bytes / 3)
}

function unpadded(bytes: number): number {
  return Math.ceil((4 * bytes) / 3)
}
