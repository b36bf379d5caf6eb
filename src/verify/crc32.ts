/** Remainders of every byte, for the reflected polynomial 0xEDB88320. */
const TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let value = byte
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1
  return value
})

/**
 * CRC-32 over bytes in order. Its digest is the decimal text of the number, which is how PayPal signs it.
 *
 * @see RFC 1952, 8, "Computing the CRC"
 */
export class Crc32 {
  #value = 0xffffffff

  update(bytes: Uint8Array): void {
    let value = this.#value
    for (let i = 0; i < bytes.length; i++) {
      value = (TABLE[(value ^ (bytes[i] as number)) & 0xff] as number) ^ (value >>> 8)
    }
    this.#value = value
  }

  digest(): string {
    return String((this.#value ^ 0xffffffff) >>> 0)
  }
}
