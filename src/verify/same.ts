import { createHash, timingSafeEqual } from 'node:crypto'

/**
 * Compares what is shown with what is expected. Digests are compared, so that neither content nor length of what is
 * expected shows in the time taken.
 */
export function sameAs(expected: Uint8Array): (shown: Uint8Array) => boolean {
  const own = digest(expected)
  return shown => timingSafeEqual(digest(shown), own)
}

function digest(bytes: Uint8Array): Uint8Array {
  return createHash('sha256').update(bytes).digest()
}
