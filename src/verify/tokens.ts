import type { Issues } from './issue.ts'

const ESCAPES: Readonly<Record<string, string>> = {
  n: '\n',
  r: '\r',
  t: '\t',
  '\\': '\\',
  '{': '{',
  '}': '}',
}

/** One stretch of literal text, or what stands between two braces. */
export interface Token {
  readonly text: string
  readonly braced: boolean
  readonly column: number
}

/** Cuts a template at its braces; literal text comes with its escapes resolved. */
export function tokens(text: string, key: string, issues: Issues): Token[] {
  const found: Token[] = []
  let literal = ''
  let start = 0
  let i = 0
  const flush = (): void => {
    if (literal !== '') found.push({ text: literal, braced: false, column: start + 1 })
    literal = ''
  }
  while (i < text.length) {
    const char = text.charAt(i)
    if (char === '{') {
      flush()
      const end = text.indexOf('}', i)
      if (end === -1) {
        issues.add(key, i + 1, 'this { is never closed')
        return found
      }
      found.push({ text: text.slice(i + 1, end), braced: true, column: i + 2 })
      i = end + 1
      start = i
    } else if (char === '\\') {
      const escaped = text.charAt(i + 1)
      if (!Object.hasOwn(ESCAPES, escaped)) {
        issues.add(key, i + 1, `unknown escape '\\${escaped}': known are \\n \\r \\t \\\\ \\{ \\}`)
      }
      literal += ESCAPES[escaped] ?? ''
      i += 2
    } else {
      if (char === '}') issues.add(key, i + 1, 'this } closes nothing')
      literal += char
      i++
    }
  }
  flush()
  return found
}
