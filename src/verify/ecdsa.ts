import type { Curve } from './alg.ts'

/**
 * The two halves of a signature in DER, each as long as a coordinate; undefined where it is not the one DER there is
 * for its numbers.
 *
 * @see RFC 3279, 2.2.3, "Ecdsa-Sig-Value", and X.690, 8.3
 */
export function fromDer(der: Uint8Array, { bytes }: Curve): Uint8Array | undefined {
  const [tag, length] = der
  if (tag !== 0x30 || length !== der.length - 2 || length > 0x7f) return undefined
  const r = integer(der, 2, bytes)
  if (r === undefined) return undefined
  const s = integer(der, 4 + (der[3] ?? 0), bytes)
  if (s === undefined || 4 + (der[3] ?? 0) + 2 + s.length !== der.length) return undefined
  const out = new Uint8Array(2 * bytes)
  put(out, r, bytes)
  put(out, s, 2 * bytes)
  return out
}

/** The most bytes that a signature has in DER. */
export function longestDer({ bytes }: Curve): number {
  return 2 * (bytes + 3) + 2
}

/** A positive number in its shortest form, its sign byte included. */
function integer(der: Uint8Array, at: number, bytes: number): Uint8Array | undefined {
  const length = der[at + 1] ?? 0
  const value = der.subarray(at + 2, at + 2 + length)
  const [first = 0, second = 0] = value
  if (der[at] !== 0x02 || length === 0 || value.length !== length) return undefined
  if (first > 0x7f || (first === 0 && second < 0x80)) return undefined
  return length > bytes + (first === 0 ? 1 : 0) ? undefined : value
}

/** Writes a number so that it ends before `end`. */
function put(out: Uint8Array, value: Uint8Array, end: number): void {
  const digits = value[0] === 0 ? value.subarray(1) : value
  out.set(digits, end - digits.length)
}

/**
 * The same for both spellings of a signature: whoever has seen one can write the other, with `order - s` for `s`, and
 * it must not count as another delivery.
 */
export function oneSpelling(signature: Uint8Array, { bytes, order }: Curve): Uint8Array {
  const points = BigInt(`0x${order}`)
  const s = BigInt(`0x${Buffer.from(signature.subarray(bytes)).toString('hex')}`)
  if (s * 2n <= points) return signature
  const low = (points - s).toString(16).padStart(2 * bytes, '0')
  return Buffer.concat([signature.subarray(0, bytes), Buffer.from(low, 'hex')])
}
