import { createRequire } from 'node:module'

type Nacl = typeof import('tweetnacl')

let loaded: Nacl | undefined

/** The library, read when it is first needed: it takes 20 ms of processor time, and most maps hold nothing sealed. */
export function nacl(): Nacl {
  const require = createRequire(import.meta.url)
  loaded ??= require('tweetnacl') as Nacl
  return loaded
}
