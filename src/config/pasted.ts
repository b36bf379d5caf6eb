/** A stretch of text that may be a secret. */
export interface Blot {
  readonly from: number
  readonly to: number
}

/** What gives a secret, by the last key above it. */
const SECRET_KEY = /secret|token|passw|bearer/i
const REFERENCE = /^(?:env|file|sealed):/

/** Whether a value under this key is one that only a reference may stand for. */
export function isSecretKey(key: string): boolean {
  return SECRET_KEY.test(key)
}

/** Whether text names where a secret is kept. */
export function isReference(text: string): boolean {
  return REFERENCE.test(text)
}

/** No secret that is accepted is so short, and no key of ours is longer. */
const SHORT_WORD = /^[a-z_]{1,15}$/

/**
 * A key as issues may show it. Under a secret's key, and with its colon where a blank is missing behind it (`secret:abc`),
 * it may be the secret itself.
 */
export function shownKey(key: string, under: string): string {
  const glued = /^(?<name>[\w-]*(?:secret|token|passw)[\w-]*["']?:)./i.exec(key)?.groups?.name
  if (glued !== undefined) return `${glued}…`
  return isSecretKey(under) && !SHORT_WORD.test(key) ? '…' : key
}

const BEHIND_KEY = /[\w-]*(?:secret|token|passw|bearer)[\w-]*["']?\s*:\s*/gi
/** Where the value of the next key of the same line begins, or nothing but ends of what holds them is left. */
const NEXT = /,\s*["']?[a-z_]+["']?\s*:(?:\s|$)|[\s}\]]*$/
const IN_URL = /(?<=:\/\/)[^\s/]+(?=@)/g
const LONG_WORD = /[^\s,:[\]{}"']{16,}/g

/**
 * What of a line may be a secret by its looks alone, whatever YAML makes of it.
 *
 * @param broken the line is none of YAML: it may have lost the key that tells
 */
export function pastedIn(line: string, broken: boolean): readonly Blot[] {
  const found: Blot[] = []
  for (const key of line.matchAll(BEHIND_KEY)) {
    const begin = key.index + key[0].length
    const from = begin + (/^["'[{\s-]*/.exec(line.slice(begin))?.[0].length ?? 0)
    const rest = line.slice(from)
    if (isReference(rest) || /^[a-z_]{1,24}["']?\s*:(?:\s|$)/.test(rest)) continue
    found.push({ from, to: from + rest.search(NEXT) })
  }
  const words = broken ? [...line.matchAll(LONG_WORD)] : []
  for (const one of [...line.matchAll(IN_URL), ...words])
    found.push({ from: one.index, to: one.index + one[0].length })
  return found
}
