import { createGunzip, createInflate } from 'node:zlib'
import type { Bytes } from '../units.ts'
import { type Flaw, malformed } from './flaw.ts'

/** What Automatisch's own parser inflates; it answers 415 to any other. */
export type InflatedCoding = 'gzip' | 'deflate'

/** The platform has four threads for this, and the log is written by them too. */
const AT_ONCE = 2
/** A member of gzip ends with its plain length: that of all there is where it is the only one. @see RFC 1952, 2.3.1 */
const PLAIN_LENGTH: Bytes = 4

const BROKEN = malformed('the compressed body cannot be inflated')
const TRAILING = malformed('something follows the compressed body')
const TOO_LARGE: Flaw = {
  reason: 'body_too_large_inflated',
  detail: 'the body inflates to more than `limits.body`',
}

/**
 * Inflates bodies on the platform's threads, two at a time; the others wait in line. A bomb is given up at the first
 * 16 KiB that are too many, so it costs no more than an honest body of that size.
 */
export class Inflater {
  #running = 0
  readonly #line: (() => void)[] = []

  /** What the body comes to, where that is one whole stream of at most `most` bytes and nothing behind it. */
  async inflate(coding: InflatedCoding, body: Buffer, most: Bytes): Promise<Buffer | Flaw> {
    if (this.#running >= AT_ONCE) await new Promise<void>(turn => this.#line.push(turn))
    else this.#running++
    const plain = await inflate(coding, body, most)
    const next = this.#line.shift()
    if (next === undefined) this.#running--
    else next()
    return plain
  }
}

function inflate(coding: InflatedCoding, body: Buffer, most: Bytes): Promise<Buffer | Flaw> {
  const stream = coding === 'gzip' ? createGunzip() : createInflate()
  const { promise, resolve } = Promise.withResolvers<Buffer | Flaw>()
  const plain: Buffer[] = []
  let size = 0
  stream.on('data', (piece: Buffer) => {
    plain.push(piece)
    size += piece.length
    if (size > most) resolve(TOO_LARGE)
    if (size > most) stream.destroy()
  })
  stream.on('error', () => resolve(BROKEN))
  stream.on('end', () => {
    const whole = stream.bytesWritten === body.length && body.length > PLAIN_LENGTH
    const one =
      whole && (coding === 'deflate' || body.readUInt32LE(body.length - PLAIN_LENGTH) === size)
    resolve(one ? Buffer.concat(plain, size) : TRAILING)
    stream.destroy()
  })
  stream.end(body)
  return promise
}
