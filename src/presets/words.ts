import type { Scheme } from '../verify/scheme.ts'

const SOURCES: Readonly<Record<string, (name: string) => string>> = {
  body: () => 'the body',
  method: () => 'the method',
  url: () => 'the URL as called',
  target: () => 'path and query',
  path: () => 'the path',
  secret: () => 'the secret',
  ts: () => 'the time from that value',
  nonce: () => 'the nonce from that value',
  sns: () => 'the fields that Amazon lists, in its order',
  header: name => `header \`${name}\``,
  query: name => `query parameter \`${name}\``,
  form: name => `form field \`${name}\``,
  json: name => `JSON field \`${name}\``,
  'sorted-query': () => 'the query in order of names',
  'sorted-form': order => `the form fields in order of names${FORM[order] ?? ''}`,
  'signed-headers': name => `the headers that \`${name}\` lists`,
}
const FORM: Readonly<Record<string, string>> = {
  sort: ', values of one name sorted',
  uniq: ', values of one name sorted and each once',
}

const FILTERS: Readonly<Record<string, (what: string, text: string) => string>> = {
  sha256: what => `SHA-256 of ${what}`,
  sha1: what => `SHA-1 of ${what}`,
  sha512: what => `SHA-512 of ${what}`,
  md5: what => `MD5 of ${what}`,
  crc32: what => `CRC-32 of ${what} in decimal`,
  hex: what => `${what} in hexadecimal`,
  base64: what => `${what} in base64`,
  base64url: what => `${what} in base64url`,
  unhex: what => `${what} decoded from hexadecimal`,
  unbase64: what => `${what} decoded from base64`,
  lower: what => `${what} in small letters`,
  nfkd: what => `${what} in normal form NFKD`,
  strip: (what, text) => `${what} without \`${text}\` in front`,
  append: (what, text) => `${what} followed by \`${text}\``,
}

const HASHES: Readonly<Record<string, string>> = {
  md5: 'MD5',
  sha1: 'SHA-1',
  sha256: 'SHA-256',
  sha384: 'SHA-384',
  sha512: 'SHA-512',
  'sha3-256': 'SHA3-256',
}
const ALGORITHMS: Readonly<Record<string, string>> = {
  token: 'the secret itself is shown',
  basic: 'Basic authentication: user name and password are shown',
  jwt: 'a JSON Web Token',
  ed25519: 'Ed25519',
  'ecdsa-p256-sha256': 'ECDSA with P-256 and SHA-256',
  'rsa-sha1': 'RSA with SHA-1',
  'rsa-sha256': 'RSA with SHA-256',
  'rsa-sha512': 'RSA with SHA-512',
  'rsa-pss-sha512': 'RSA-PSS with SHA-512',
}
const ENCODINGS: Readonly<Record<string, string>> = {
  hex: 'hexadecimal',
  base64: 'base64',
  base64url: 'base64url',
  'base64+hex': 'base64 of the hexadecimal text',
}
const UNITS: Readonly<Record<string, string>> = {
  s: 'seconds since 1970',
  ms: 'milliseconds since 1970',
  iso: 'ISO 8601',
  http: 'an HTTP date',
}

/** The algorithm of a scheme and how its signature is written. */
export function algorithmInWords({ alg, encoding = 'hex', algs = [] }: Scheme): string {
  if (alg === 'jwt') return `${ALGORITHMS.jwt} (${algs.join(', ')})`
  const known = ALGORITHMS[alg]
  if (alg === 'token' || alg === 'basic') return known ?? alg
  const hash = HASHES[alg.replace(/^hmac-/, '')] ?? alg
  const plain = `plain ${hash}, without a key`
  return `${known ?? (alg.startsWith('hmac-') ? `HMAC with ${hash}` : plain)}, in ${ENCODINGS[encoding]}`
}

/** Where the signature stands and how the value falls apart. */
export function placeInWords({ from, split, items, each, item }: Scheme): string {
  const places = (typeof from === 'string' ? [from] : from).map(placeName).join(', or ')
  const parts = (items ?? []).map(code).join(', ')
  const apart = split === undefined ? '' : `, cut at ${[...split].map(separator).join(' and ')}`
  const shape = parts === '' ? apart : `${apart}, written as ${parts}`
  const within = item === undefined ? '' : `.${item}`
  return each === undefined ? places + shape : `${places} of every \`${each}[]${within}\`${shape}`
}

/** A template as a list of what it joins. */
export function templateInWords(template: string): string {
  const pieces = template.matchAll(/\{([^}]*)\}|\\n|((?:\\[^n]|[^{\\])+)/g)
  return [...pieces]
    .map(([, source, text]) => {
      if (source !== undefined) return sourceInWords(source)
      return text === undefined ? 'a line end' : code(text)
    })
    .join(', ')
}

/** What the step in code of a scheme adds; undefined where it has none. */
export function codeInWords({ code }: Scheme): string | undefined {
  return code === undefined ? undefined : CODE[code]
}

const CODE: Readonly<Record<NonNullable<Scheme['code']>, string>> = {
  'atlassian-connect':
    'claim `qsh` of the token is SHA-256 of method, path, and query in order of names',
  'aws-sns': 'the certificate is the one that the message names, fetched from Amazon',
  'dropbox-sign': 'all of it stands in the field `json` of a form in parts',
  truelayer:
    'method, path, the headers that the signature lists, the body: a JSON Web Signature whose payload is left out',
}

/** How the time is written and how far it may be off; undefined where none is signed. */
export function timeInWords({ timestamp, max_age: age, alg, code }: Scheme): string | undefined {
  if (timestamp !== undefined) {
    const { from = '{ts}', unit, tolerance } = timestamp
    return `${templateInWords(from)}, ${UNITS[unit]}, at most ${tolerance} off either way`
  }
  if (age !== undefined) return `\`iat\` of the token, at most ${age} ago`
  return alg === 'jwt' && code !== 'truelayer'
    ? '`exp` and `nbf` of the token, where it has them'
    : undefined
}

function placeName(place: string): string {
  if (place === 'body') return 'the whole body'
  const colon = place.indexOf(':')
  return SOURCES[place.slice(0, colon)]?.(place.slice(colon + 1)) ?? code(place)
}

function sourceInWords(text: string): string {
  const [place = '', ...filters] = text.split('|')
  const [word = '', ...rest] = place.split(':')
  const base = SOURCES[word]?.(rest.join(':')) ?? `\`${word}\``
  return filters.reduce((what, filter) => {
    const colon = filter.indexOf(':')
    const name = colon === -1 ? filter : filter.slice(0, colon)
    return FILTERS[name]?.(what, filter.slice(colon + 1)) ?? what
  }, base)
}

function separator(char: string): string {
  return char === ' ' ? 'blanks' : code(char)
}

function code(text: string): string {
  return `\`${text}\``
}
