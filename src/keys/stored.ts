import { createDecipheriv, hash } from 'node:crypto'
import { isObject, parsedJson } from './json.ts'

/** What became of stored credentials under a key. */
export type Tried = 'opened' | 'other_key' | 'not_encrypted'

const MAGIC = 'Salted__'
const SALT = 8
const KEY = 32
const IV = 16

/**
 * Tries a key on credentials as Automatisch stores them: crypto-js' `AES.encrypt(JSON, passphrase).toString()`, which is
 * OpenSSL's salted format in base64 with AES-256-CBC. Nothing of what was opened leaves this function.
 *
 * CBC has no seal: one wrong key in 256 leaves padding that looks right. So it counts as opened only when all of it is
 * UTF-8 and a JSON object, which Automatisch always stores.
 *
 * @see EVP_BytesToKey(3) of OpenSSL, with MD5 and one round
 */
export function tryKey(text: string, passphrase: Uint8Array): Tried {
  const bytes = Buffer.from(text, 'base64')
  const head = MAGIC.length + SALT
  const sealed = bytes.subarray(head)
  if (bytes.toString('latin1', 0, MAGIC.length) !== MAGIC) return 'not_encrypted'
  if (sealed.length === 0 || sealed.length % IV !== 0) return 'not_encrypted'
  const derived = derive(passphrase, bytes.subarray(MAGIC.length, head))
  const plain = decrypted(sealed, derived)
  return plain !== undefined && isObject(parsedJson(plain)) ? 'opened' : 'other_key'
}

function decrypted(sealed: Uint8Array, derived: Uint8Array): string | undefined {
  const decipher = createDecipheriv(
    'aes-256-cbc',
    derived.subarray(0, KEY),
    derived.subarray(KEY, KEY + IV),
  )
  try {
    const plain = Buffer.concat([decipher.update(sealed), decipher.final()])
    return new TextDecoder('utf-8', { fatal: true }).decode(plain)
  } catch {
    return undefined
  }
}

function derive(passphrase: Uint8Array, salt: Uint8Array): Uint8Array {
  let block: Uint8Array = new Uint8Array()
  const blocks: Uint8Array[] = []
  for (let length = 0; length < KEY + IV; length += block.length) {
    block = hash('md5', Buffer.concat([block, passphrase, salt]), 'buffer')
    blocks.push(block)
  }
  return Buffer.concat(blocks)
}
