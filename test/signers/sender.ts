import { createHmac } from 'node:crypto'

/** What a sender is about to send, and when. */
export interface Outgoing {
  readonly body: Buffer
  readonly secret: string
  /** Wall clock, milliseconds since 1970. */
  readonly now: number
  readonly method: string
  /** What it calls, whole. */
  readonly url: string
  /** Values that were agreed on beside the secret, such as `key_id`. */
  readonly values: Readonly<Record<string, string>>
  /** Lays hands on the raw signature before it is written down: a forger changes it here. */
  readonly seal: (signature: Buffer) => Buffer
}

/** What goes over the wire beside what was given. */
interface Signed {
  readonly headers: readonly (readonly [string, string])[]
  /** The body, where the signature stands in it. */
  readonly body?: Buffer
  /** The request target, where the signature stands in it. */
  readonly target?: string
}

/** A sender as its own page describes it: the second opinion on a preset. */
export interface Sender {
  /** Of the form that it hands out. */
  readonly secret: string
  readonly values?: Readonly<Record<string, string>>
  /** Makes a body it could send of any text; the text itself unless said. */
  readonly compose?: (text: string, now: number) => string
  readonly sign: (out: Outgoing) => Signed
}

export type Encoding = 'hex' | 'HEX' | 'base64' | 'base64url' | 'base64 of hex'
/** How senders write times. */
export type Unit = 's' | 'ms' | 'iso' | 'http'

/** A secret for senders that take any. */
export const ANY = 'a-secret-of-thirty-two-characters'

/** An HMAC of the pieces, one after the other. */
export function hmac(
  hash: string,
  key: string | Uint8Array,
  ...pieces: readonly (string | Uint8Array)[]
): Buffer {
  const mac = createHmac(hash, key)
  for (const piece of pieces) mac.update(piece)
  return mac.digest()
}

export function written(bytes: Buffer, encoding: Encoding): string {
  if (encoding === 'HEX') return bytes.toString('hex').toUpperCase()
  if (encoding === 'base64 of hex') return Buffer.from(bytes.toString('hex')).toString('base64')
  return bytes.toString(encoding)
}

export function clock(now: number, unit: Unit): string {
  if (unit === 's') return String(Math.floor(now / 1000))
  if (unit === 'ms') return String(now)
  return unit === 'iso' ? new Date(now).toISOString() : new Date(now).toUTCString()
}

/** A body of one JSON object that holds the text. */
export function json(text: string): string {
  return JSON.stringify({ id: 'evt_1', text })
}
