/**
 * HalfSipHash-2-4 over latin-1 text, 32 bits: whoever does not know the key cannot choose inputs that collide.
 * (FNV with a secret seed would not do: its low bits depend on the low bits of the input alone.)
 *
 * @param key 8 random bytes
 * @see "SipHash: a fast short-input PRF", Aumasson and Bernstein; the reference implementation's `halfsiphash.c`
 */
export function keyedHash(key: Uint8Array, text: string): number {
  const { length } = text
  const state = start(key)
  for (let i = 0; i + 4 <= length; i += 4) absorb(state, wordAt(text, i))
  const whole = length & ~3
  absorb(state, wordAt(text, whole) | (length << 24))
  state.v2 ^= 0xff
  for (let i = 0; i < 4; i++) mix(state)
  return (state.v1 ^ state.v3) >>> 0
}

interface State {
  v0: number
  v1: number
  v2: number
  v3: number
}

function start(key: Uint8Array): State {
  const view = new DataView(key.buffer, key.byteOffset, key.byteLength)
  const k0 = view.getInt32(0, true)
  const k1 = view.getInt32(4, true)
  return { v0: k0, v1: k1, v2: 0x6c796765 ^ k0, v3: 0x74656462 ^ k1 }
}

function absorb(state: State, word: number): void {
  state.v3 ^= word
  mix(state)
  mix(state)
  state.v0 ^= word
}

function mix(state: State): void {
  let { v0, v1, v2, v3 } = state
  v0 = (v0 + v1) | 0
  v1 = rotate(v1, 5) ^ v0
  v0 = rotate(v0, 16)
  v2 = (v2 + v3) | 0
  v3 = rotate(v3, 8) ^ v2
  v0 = (v0 + v3) | 0
  v3 = rotate(v3, 7) ^ v0
  v2 = (v2 + v1) | 0
  v1 = rotate(v1, 13) ^ v2
  v2 = rotate(v2, 16)
  state.v0 = v0
  state.v1 = v1
  state.v2 = v2
  state.v3 = v3
}

function rotate(word: number, by: number): number {
  return (word << by) | (word >>> (32 - by))
}

/** Up to four bytes, little endian; what lies past the end is zero. */
function wordAt(text: string, from: number): number {
  let word = 0
  for (let i = 0; i < 4 && from + i < text.length; i++) {
    word |= (text.charCodeAt(from + i) & 0xff) << (8 * i)
  }
  return word
}
