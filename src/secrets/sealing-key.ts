import { nacl } from './nacl.ts'
import { Secret } from './secret.ts'

/** Both halves of a sealing key, as text: the public one seals, the private one opens. */
export interface SealingKeyTexts {
  readonly publicText: string
  readonly privateText: string
}

/** A private half, ready to open with. */
export interface OpeningKey {
  readonly publicKey: Uint8Array
  readonly secretKey: Secret
}

const PUBLIC = 'hwpub_'
const PRIVATE = 'hwkey_'
const KEY = 32
/** What tells a slip of the hand: sealed to a mistyped key, a secret is lost. */
const CHECK = 4

/** Makes a sealing key from the machine's chance. */
export function makeSealingKey(): SealingKeyTexts {
  const { publicKey, secretKey } = nacl().box.keyPair()
  return {
    publicText: written(PUBLIC, publicKey),
    privateText: written(PRIVATE, Buffer.concat([secretKey, publicKey])),
  }
}

/** Reads a public half; otherwise says what is wrong with the text, without repeating it. */
export function readPublicHalf(text: string): Uint8Array | string {
  if (text.startsWith(PRIVATE)) {
    return `this is a private half: sealing needs the public one, ${PUBLIC}…`
  }
  return (
    read(PUBLIC, text, KEY) ??
    `no public half of a sealing key: expected ${PUBLIC}… as \`keygen\` printed it`
  )
}

/** Reads a private half; otherwise says what is wrong with the text, without repeating it. */
export function readPrivateHalf(text: string): OpeningKey | string {
  if (text.startsWith(PUBLIC)) return `a public half: opening needs the private one, ${PRIVATE}…`
  const bytes = read(PRIVATE, text, 2 * KEY)
  if (bytes === undefined) return 'no private half of a sealing key, or one that was changed'
  return { secretKey: new Secret(bytes.slice(0, KEY)), publicKey: bytes.slice(KEY) }
}

/** Reads the private halves of a text, parted by blanks or line ends, less comments from `#`; otherwise says what is wrong. */
export function readPrivateHalves(text: string): readonly OpeningKey[] | string {
  const keys: OpeningKey[] = []
  for (const word of text.replaceAll(/#.*/g, '').split(/[\s,]+/)) {
    if (word === '') continue
    const key = readPrivateHalf(word)
    if (typeof key === 'string') return key
    keys.push(key)
  }
  return keys
}

/** A public half as text. */
export function publicTextOf(publicKey: Uint8Array): string {
  return written(PUBLIC, publicKey)
}

function written(prefix: string, bytes: Uint8Array): string {
  const checked = Buffer.concat([bytes, checksum(prefix, bytes)])
  return `${prefix}${checked.toString('base64url')}`
}

function read(prefix: string, text: string, length: number): Uint8Array | undefined {
  if (!text.startsWith(prefix)) return undefined
  const bytes = Buffer.from(text.slice(prefix.length), 'base64url')
  const body = bytes.subarray(0, length)
  if (bytes.length !== length + CHECK || written(prefix, body) !== text) return undefined
  return body
}

function checksum(prefix: string, bytes: Uint8Array): Uint8Array {
  return nacl()
    .hash(Buffer.concat([Buffer.from(prefix), bytes]))
    .subarray(0, CHECK)
}
