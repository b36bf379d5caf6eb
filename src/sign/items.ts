import type { Encoding } from '../verify/decode.ts'
import type { ItemRules } from '../verify/items.ts'
import type { Bound } from './fill.ts'

/** The slots of `{sig}` and `{key_id}`; every other is a variable's. */
const SIGNATURE = -1
const KEY_ID = -2

/** A signature in the words of the scheme. */
export function encoded(bytes: Uint8Array, encoding: Encoding): string {
  const buffer = Buffer.from(bytes)
  if (encoding !== 'base64+hex') return buffer.toString(encoding)
  return Buffer.from(buffer.toString('hex')).toString('base64')
}

/** Writes the value that the patterns read: each variable once, and the signature in the first pattern that takes one. */
export function writeItems(
  { patterns, split, keyId }: ItemRules,
  signature: string,
  bound: Bound,
): string {
  const signed = patterns.find(({ fields }) => fields.some(({ slot }) => slot === SIGNATURE))
  return patterns
    .filter(one => one === signed || one.fields.every(({ slot }) => slot !== SIGNATURE))
    .map(({ prefix, fields }) =>
      fields.reduce((text, { slot, until }) => text + written(slot) + until, prefix),
    )
    .join(split.slice(0, 1))

  function written(slot: number): string {
    if (slot === SIGNATURE) return signature
    return (slot === KEY_ID ? keyId : bound[slot]) ?? ''
  }
}
