import { createHmac } from 'node:crypto'
import type { Handshake } from './handshake.ts'

/** An answer to a challenge: who asked whether the URL is ours is told so. */
export interface Told {
  readonly status: 200 | 204
  /** Undefined for an answer without content. */
  readonly type: 'text/plain' | 'application/json' | undefined
  /** ASCII. */
  readonly body: string
  readonly header: readonly [name: string, value: string] | undefined
}

/** What has to be called before a challenge can be answered. */
export interface Errand {
  readonly visit: string
  readonly answer: Told
}

/** 1 KiB of ASCII that can be shown, without `<`: what goes back must never be taken for a page. */
const SHOWABLE = /^[ -;=-~]{1,1024}$/

/** Whether a value is one that may go back to whoever sent it. */
export function isShowable(value: string): boolean {
  return SHOWABLE.test(value)
}

/** A bare status, or fixed words. */
export function fixed(status: Told['status'], body = ''): Told {
  const type = body === '' && status === 200 ? undefined : 'application/json'
  return { status, type, body, header: undefined }
}

/** Writes a value, and perhaps its MAC, as the sender wants it. The value is showable. */
export function told(
  answer: Extract<Handshake, { readonly answer: unknown }>['answer'],
  value: string,
  mac = '',
): Told {
  if (answer === 'text') return { status: 200, type: 'text/plain', body: value, header: undefined }
  if ('header' in answer)
    return { status: 200, type: undefined, body: '', header: [answer.header, value] }
  const filled = Object.entries(answer.json).map(([name, template]) => [
    name,
    template.replace(/\{(value|mac)\}/g, (_, word: string) => (word === 'mac' ? mac : value)),
  ])
  const body = JSON.stringify(Object.fromEntries(filled))
  return { status: 200, type: 'application/json', body, header: undefined }
}

/** @param key as the scheme's key template made it of the secret */
export function macOf(
  { hash, encoding }: Extract<Handshake, { readonly mac: unknown }>['mac'],
  key: Uint8Array,
  value: string,
): string {
  return createHmac(hash, key).update(value, 'latin1').digest(encoding)
}
