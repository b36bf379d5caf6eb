import { randomBytes, scrypt } from 'node:crypto'

/** 16 MiB and some 30 ms for each try: whoever has a fingerprint cannot try keys by the million. */
const COST = 14
const SALT = 16
const LENGTH = 16
const FORM = /^scrypt:14:(?<salt>[\w-]{22}):[\w-]{22}$/

/**
 * Takes the fingerprint of a key: it tells whether a key is the same and reveals nothing of it, not even whether two
 * keys are equal. Text of the form `scrypt:14:SALT:HASH`.
 *
 * @see RFC 7914
 */
export function fingerprintOf(key: Uint8Array, salt = randomBytes(SALT)): Promise<string> {
  return new Promise((resolve, reject) => {
    scrypt(key, salt, LENGTH, { N: 2 ** COST, r: 8, p: 1 }, (error, hash) => {
      if (error !== null) return reject(error)
      resolve(`scrypt:${COST}:${salt.toString('base64url')}:${hash.toString('base64url')}`)
    })
  })
}

/** Whether text is a fingerprint that this version takes. */
export function isFingerprint(text: unknown): text is string {
  return typeof text === 'string' && FORM.test(text)
}

/** Whether `key` is the one that the fingerprint was taken of. */
export async function matches(key: Uint8Array, fingerprint: string): Promise<boolean> {
  const salt = FORM.exec(fingerprint)?.groups?.salt
  if (salt === undefined) return false
  return (await fingerprintOf(key, Buffer.from(salt, 'base64url'))) === fingerprint
}
