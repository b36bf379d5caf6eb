const STRICT = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** Strict: undefined where the bytes are no UTF-8. A byte order mark is text like any other. */
export function utf8(bytes: Uint8Array): string | undefined {
  try {
    return STRICT.decode(bytes)
  } catch {
    return undefined
  }
}
