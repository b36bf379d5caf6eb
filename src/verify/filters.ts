import { nearest } from '../spelling.ts'
import { DIGESTS, type DigestName, openDigest } from './digest.ts'
import type { Issues } from './issue.ts'
import { utf8 } from './utf8.ts'

/** Turns bytes into other bytes. Bytes travel as latin-1 text, one character for each. */
export interface Filter {
  readonly name: FilterName
  /** What `strip` removes where it is plain text, what `append` appends; as bytes. */
  readonly argument: string
  /** What `strip` removes where it is a pattern: only ever run on a secret, at load. */
  readonly pattern: RegExp | undefined
}

const CODES = ['hex', 'base64', 'base64url', 'unhex', 'unbase64', 'lower', 'nfkd'] as const
const WITH_TEXT = ['strip', 'append'] as const

type FilterName = DigestName | (typeof CODES)[number] | (typeof WITH_TEXT)[number]

/** Every filter by its name. */
export const FILTERS: readonly FilterName[] = [...DIGESTS, ...CODES, ...WITH_TEXT]

/** The digest that `filter` is, if it is one: what can run over a body while it arrives. */
export function digestOf(filter: Filter | undefined): DigestName | undefined {
  return DIGESTS.find(name => name === filter?.name)
}

/** The bytes that come out of one filter after the other; undefined where one cannot decode. */
export function applyFilters(filters: readonly Filter[], value: string): string | undefined {
  let out: string | undefined = value
  for (let i = 0; i < filters.length && out !== undefined; i++) {
    out = applyFilter(filters[i] as Filter, out)
  }
  return out
}

/** The bytes that come out; undefined where `value` is not what the filter decodes. */
export function applyFilter(filter: Filter, value: string): string | undefined {
  switch (filter.name) {
    case 'sha256':
    case 'sha1':
    case 'sha512':
    case 'md5':
    case 'crc32': {
      const digest = openDigest(filter.name)
      digest.update(Buffer.from(value, 'latin1'))
      return digest.digest('latin1')
    }
    case 'hex':
    case 'base64':
    case 'base64url':
      return Buffer.from(value, 'latin1').toString(filter.name)
    case 'unhex':
      return decoded(() => Uint8Array.fromHex(value))
    case 'unbase64':
      return unbase64(value)
    case 'lower':
      return value.replace(/[A-Z]+/g, letters => letters.toLowerCase())
    case 'nfkd':
      return nfkd(value)
    case 'strip':
      if (filter.pattern !== undefined) return value.replace(filter.pattern, '')
      return value.startsWith(filter.argument) ? value.slice(filter.argument.length) : value
    case 'append':
      return value + filter.argument
  }
}

/** Reads one filter as a template writes it, such as `hex` or `strip:whsec_`; `column` is where it stands. */
export function parseFilter(
  text: string,
  key: string,
  column: number,
  issues: Issues,
): Filter | undefined {
  const colon = text.indexOf(':')
  const word = colon === -1 ? text : text.slice(0, colon)
  const argument = colon === -1 ? '' : text.slice(colon + 1)
  const name = FILTERS.find(known => known === word)
  if (name === undefined) {
    issues.add(key, column, `unknown filter '${word}'`, nearest(word, FILTERS))
    return undefined
  }
  const wantsText = name === 'strip' || name === 'append'
  if (wantsText && argument === '') {
    return reject(issues, key, column, `the filter '${name}' needs a text, as in '${name}:text'`)
  }
  if (!wantsText && colon !== -1) {
    return reject(issues, key, column + colon, `the filter '${name}' takes no text`)
  }
  if (name === 'nfkd' && key !== 'key') {
    // normalising long runs of combining marks costs more than their length
    return reject(issues, key, column, "'nfkd' is for a secret, so it can stand in 'key' alone")
  }
  if (name === 'strip' && /[\\^$.|?*+()[\]{}]/.test(argument)) {
    return stripPattern(argument, key, column, issues)
  }
  return { name, argument: Buffer.from(argument).toString('latin1'), pattern: undefined }
}

function stripPattern(text: string, key: string, column: number, issues: Issues) {
  const at = column + 'strip:'.length
  if (key !== 'key') {
    // a pattern over what a sender wrote could be made to backtrack
    return reject(issues, key, at, 'a pattern can only strip a secret; here, write plain text')
  }
  try {
    return { name: 'strip', argument: '', pattern: new RegExp(`^(?:${text})`) } as const
  } catch {
    return reject(issues, key, at, `'${text}' is not a regular expression`)
  }
}

function reject(issues: Issues, key: string, column: number, message: string): undefined {
  issues.add(key, column, message)
}

function unbase64(value: string): string | undefined {
  // fromBase64 passes over whitespace; a secret pasted with a line end inside is a mistake to report
  if (!/^[A-Za-z0-9+/]*={0,2}$/.test(value)) return undefined
  return decoded(() => Uint8Array.fromBase64(value))
}

function nfkd(value: string): string | undefined {
  const text = utf8(Buffer.from(value, 'latin1'))
  return text && Buffer.from(text.normalize('NFKD')).toString('latin1')
}

function decoded(read: () => Uint8Array): string | undefined {
  try {
    return Buffer.from(read()).toString('latin1')
  } catch {
    return undefined
  }
}
