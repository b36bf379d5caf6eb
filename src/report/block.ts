import type { Bytes, Millis } from '../units.ts'

/** Bytes of one block. */
const SIZE: Bytes = 128 * 1024
const ZERO = 0x30
const DOT = 0x2e
const LINE_FEED = 0x0a

/**
 * Lines being put together. Their bytes are written into place: a line made of joined strings leaves two kilobytes
 * behind, for every request. The caller asks for room first.
 */
export class Block {
  readonly #bytes = Buffer.allocUnsafeSlow(SIZE)
  /** The first byte is a line feed, for when the line before was torn. */
  #end = 1
  #lines = 0

  constructor() {
    this.#bytes[0] = LINE_FEED
  }

  get length(): Bytes {
    return this.#end - 1
  }

  /** Lines ended in it. */
  get lines(): number {
    return this.#lines
  }

  get room(): Bytes {
    return SIZE - this.#end
  }

  /** Room of an empty block. */
  static get most(): Bytes {
    return SIZE - 1
  }

  /** @param text ASCII alone */
  ascii(text: string): void {
    const bytes = this.#bytes
    const { length } = text
    let end = this.#end
    for (let i = 0; i < length; i++) bytes[end++] = text.charCodeAt(i)
    this.#end = end
  }

  copy(bytes: Uint8Array): void {
    this.#bytes.set(bytes, this.#end)
    this.#end += bytes.length
  }

  /** A whole number from 0 on, in decimal. */
  integer(value: number): void {
    let digits = 1
    for (let rest = value; rest >= 10; rest = Math.floor(rest / 10)) digits++
    let rest = value
    for (let at = this.#end + digits - 1; at >= this.#end; at--) {
      const less = Math.floor(rest / 10)
      this.#bytes[at] = ZERO + (rest - less * 10)
      rest = less
    }
    this.#end += digits
  }

  /** A whole number below 1000, with zeros before it. */
  threeDigits(value: number): void {
    const tens = Math.floor(value / 10)
    this.#bytes[this.#end++] = ZERO + Math.floor(tens / 10)
    this.#bytes[this.#end++] = ZERO + (tens % 10)
    this.#bytes[this.#end++] = ZERO + (value % 10)
  }

  /** Milliseconds with at most one decimal; a negative length is 0. */
  millis(value: Millis): void {
    const tenths = Math.max(0, Math.round(value * 10))
    const whole = Math.floor(tenths / 10)
    this.integer(whole)
    const tenth = tenths - whole * 10
    if (tenth === 0) return
    this.#bytes[this.#end++] = DOT
    this.#bytes[this.#end++] = ZERO + tenth
  }

  endLine(): void {
    this.#bytes[this.#end++] = LINE_FEED
    this.#lines++
  }

  /** Everything so far, after a line feed of its own if it follows a torn line. */
  written(afterTorn: boolean): Uint8Array {
    return this.#bytes.subarray(afterTorn ? 0 : 1, this.#end)
  }

  clear(): void {
    this.#end = 1
    this.#lines = 0
  }
}
