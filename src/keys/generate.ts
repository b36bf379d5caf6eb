import { randomBytes } from 'node:crypto'
import type { KeyName } from './names.ts'

/** 48 characters of base64url, whose alphabet is exactly the one that Telegram takes: 288 bits. */
const BYTES = 36

/** Makes three keys from the machine's chance, each of 48 characters of `A-Za-z0-9_-`. */
export function generateKeys(): Readonly<Record<KeyName, string>> {
  return { ENCRYPTION_KEY: one(), WEBHOOK_SECRET_KEY: one(), APP_SECRET_KEY: one() }
}

function one(): string {
  return randomBytes(BYTES).toString('base64url')
}
