import { SEAL_PROBLEMS, unseal } from './seal.ts'
import { type OpeningKey, readPrivateHalves } from './sealing-key.ts'

/** Where the private halves are: the variable itself, or the file that the other one names. */
const SEAL_KEY = 'HOOKWARDEN_SEAL_KEY'
export const SEAL_KEY_FILE = 'HOOKWARDEN_SEAL_KEY_FILE'

/** Where the private halves are read. */
interface KeySources {
  readonly env: Readonly<Record<string, string | undefined>>
  readFile(path: string): Uint8Array
}

interface Problem {
  readonly problem: string
}

/** What was opened from the same sources before: one multiplication each instead of one for each reading. */
const OPENED = new WeakMap<KeySources, Map<string, Uint8Array>>()

/** The bytes of a `sealed:` reference, less its prefix. */
export function openSealed(text: string, sources: KeySources): Uint8Array | Problem {
  const known = OPENED.get(sources) ?? new Map<string, Uint8Array>()
  const before = known.get(text)
  if (before !== undefined) return before
  const keys = openingKeys(sources)
  if ('problem' in keys) return keys
  const bytes = unseal(text, keys)
  if (typeof bytes === 'string') return { problem: `${nameOfSealed(text)} ${SEAL_PROBLEMS[bytes]}` }
  known.set(text, bytes)
  OPENED.set(sources, known)
  return bytes
}

/** A sealed secret as messages name it: its end tells it from others. */
export function nameOfSealed(text: string): string {
  return `sealed:…${text.slice(-8)}`
}

/**
 * Every private half at hand, from `HOOKWARDEN_SEAL_KEY` and from the file that `HOOKWARDEN_SEAL_KEY_FILE` names. Either
 * may hold several, parted by blanks or line ends; `#` begins a comment.
 */
function openingKeys(sources: KeySources): readonly OpeningKey[] | Problem {
  const texts: (readonly [string, string])[] = []
  const { [SEAL_KEY]: inVariable, [SEAL_KEY_FILE]: path } = sources.env
  if (inVariable !== undefined) texts.push([SEAL_KEY, inVariable])
  if (path !== undefined) {
    try {
      texts.push([SEAL_KEY_FILE, Buffer.from(sources.readFile(path)).toString()])
    } catch {
      return {
        problem: `${SEAL_KEY_FILE} names a file that cannot be read, so nothing sealed opens`,
      }
    }
  }
  const keys: OpeningKey[] = []
  for (const [where, text] of texts) {
    const read = readPrivateHalves(text)
    if (typeof read === 'string') return { problem: `${where} holds ${read}` }
    keys.push(...read)
  }
  if (keys.length > 0) return keys
  return { problem: `nothing to open sealed secrets with: set ${SEAL_KEY_FILE} or ${SEAL_KEY}` }
}
