import type { Scheme } from '../verify/scheme.ts'
import type { FindingCode } from './findings.ts'
import type { Hypothesis, Scene } from './scene.ts'
import { isLive, keyOf, type NamedKey } from './subject.ts'
import type { Trial } from './trial.ts'

/** More secrets of others are not tried: each costs a pass over the body. */
const MOST_OTHERS = 256
const PREFIXES = ['whsec_', 'whsk_', 'whpk_', 'shpss_', 'sk_', 'signkey-', 'base64:'] as const

/** Another reading of a secret. */
interface Form {
  readonly code: FindingCode
  /** After the name of the reference. */
  readonly says: string
  /** Bytes in latin-1 text. */
  readonly text: string
  /** The scheme that reads it so; the provider's own when absent. */
  readonly scheme?: Scheme
}

/** Secrets stored or used in another form, of another provider, or past their end. */
export function* supposeSecret(scene: Scene, base: Trial): Generator<Hypothesis> {
  const { subject, at } = scene
  const shared = subject.keys.filter(key => key.shared)
  for (const named of shared.filter(key => isLive(key, at))) {
    const text = Buffer.from(named.secret.bytes).toString('latin1')
    const seen = new Set<string>()
    for (const form of formsOf(text, base.scheme)) {
      const mark = `${form.scheme?.key} ${form.scheme?.sign} ${form.text}`
      if (form.text === '' || (form.text === text && form.scheme === undefined) || seen.has(mark))
        continue
      seen.add(mark)
      yield {
        code: form.code,
        detail: `${named.name} ${form.says}`,
        trial: {
          ...base,
          scheme: form.scheme ?? base.scheme,
          keys: [{ ...keyOf(named), bytes: Buffer.from(form.text, 'latin1') }],
        },
      }
    }
  }
  for (const named of shared.filter(key => !isLive(key, at))) {
    const end = new Date(named.until ?? 0).toISOString()
    yield {
      code: 'secret_expired',
      detail: `signed with ${named.name}, whose \`until\` passed at ${end}`,
      trial: { ...base, keys: [{ ...keyOf(named), until: undefined }] },
    }
  }
  if (shared.length > 0) yield* supposeOthers(scene, base, shared)
}

function* supposeOthers(
  { others }: Scene,
  base: Trial,
  own: readonly NamedKey[],
): Generator<Hypothesis> {
  const candidates = others.flatMap(({ name, keys }) =>
    keys.filter(key => key.shared).map(key => ({ provider: name, key })),
  )
  for (const { provider, key } of candidates.slice(0, MOST_OTHERS)) {
    if (own.some(({ secret }) => Buffer.compare(secret.bytes, key.secret.bytes) === 0)) continue
    yield {
      code: 'secret_of_other_provider',
      detail: `signed with ${key.name}, the secret of the provider ${provider}`,
      trial: { ...base, keys: [{ ...keyOf(key), until: undefined }] },
    }
  }
}

function* formsOf(text: string, scheme: Scheme): Generator<Form> {
  yield* edges(text)
  yield* prefixes(text)
  yield* undecoded(text, scheme)
  yield* decoded(text, scheme)
  yield* encoded(text)
}

function* edges(text: string): Generator<Form> {
  const bare = text.replace(/^[\r\n]+|[\r\n]+$/g, '')
  const more = {
    code: 'secret_newline',
    says: 'has a line end that the sender does not use',
  } as const
  if (text.endsWith('\n')) yield { ...more, text: text.replace(/\r?\n$/, '') }
  yield { ...more, text: bare }
  yield { ...more, text: text.replaceAll(/[\r\n]+/g, '') }
  const lacks = {
    code: 'secret_newline',
    says: 'lacks the line end that the sender has after it',
  } as const
  yield { ...lacks, text: `${text}\n` }
  yield { ...lacks, text: `${text}\r\n` }

  const blank = {
    code: 'secret_space',
    says: 'has a blank around it that the sender does not use',
  } as const
  yield { ...blank, text: text.trimEnd() }
  yield { ...blank, text: text.trimStart() }
  yield { ...blank, text: text.trim() }
  const noBlank = {
    code: 'secret_space',
    says: 'lacks a blank that the sender has around it',
  } as const
  yield { ...noBlank, text: `${text} ` }
  yield { ...noBlank, text: ` ${text}` }

  const unquoted = /^(?<quote>["'])(?<inner>.+)\k<quote>$/s.exec(text.trim())?.groups?.inner
  const quoted = 'stands in quotes that the sender does not use'
  if (unquoted !== undefined) yield { code: 'secret_quotes', says: quoted, text: unquoted }
}

function* prefixes(text: string): Generator<Form> {
  for (const prefix of PREFIXES) {
    if (!text.startsWith(prefix)) continue
    const says = `keeps the prefix ${prefix}, and the sender signs without it`
    yield { code: 'secret_prefix', says, text: text.slice(prefix.length) }
  }
  for (const prefix of PREFIXES) {
    if (text.startsWith(prefix)) continue
    const says = `lacks the prefix ${prefix}, which the sender takes as part of the secret`
    yield { code: 'secret_prefix', says, text: prefix + text }
  }
}

/** The scheme decodes, and the sender does not. */
function* undecoded(text: string, scheme: Scheme): Generator<Form> {
  for (const [filter, code] of [
    ['unbase64', 'secret_base64_text'],
    ['unhex', 'secret_hex_text'],
  ] as const) {
    const says = 'is used as its text, and the scheme decodes it'
    const without = withoutFilter(scheme, filter)
    if (without === undefined) continue
    yield { code, says, text, scheme: without }
    const whole = withoutFilter(without, 'strip:[^|}]*')
    if (whole !== undefined) yield { code, says, text, scheme: whole }
  }
}

/** The sender decodes, and the scheme does not; or it decodes something else. */
function* decoded(text: string, scheme: Scheme): Generator<Form> {
  const says = 'is decoded by the sender before it signs'
  const stripped = PREFIXES.map(prefix =>
    text.startsWith(prefix) ? text.slice(prefix.length) : text,
  )
  const plain = asSecret(scheme)
  for (const one of new Set([text, ...stripped])) {
    for (const [code, value] of [
      ['secret_hex_decoded', unhex(one)],
      ['secret_base64_decoded', unbase64(one)],
    ] as const) {
      if (value === undefined) continue
      yield { code, says, text: value }
      if (plain !== undefined) yield { code, says, text: value, scheme: plain }
    }
  }
}

/** What is stored is what the text decodes to, and the sender uses the text. */
function* encoded(text: string): Generator<Form> {
  const bytes = Buffer.from(text, 'latin1')
  const says = 'holds the bytes that the secret decodes to, and the sender uses its text'
  for (const written of [
    bytes.toString('base64'),
    bytes.toString('base64url'),
    bytes.toString('hex'),
    bytes.toString('hex').toUpperCase(),
  ]) {
    yield { code: 'secret_stored_decoded', says, text: written }
    yield { code: 'secret_stored_decoded', says, text: `whsec_${written}` }
  }
}

/** The scheme with a filter taken from its key, or from the secret that it signs; undefined where it has none. */
function withoutFilter(scheme: Scheme, filter: string): Scheme | undefined {
  const pattern = new RegExp(`(\\{secret[^}]*?)\\|${filter}(?=[|}])`)
  const { key = '', sign = '' } = scheme
  if (pattern.test(key)) return { ...scheme, key: key.replace(pattern, '$1') }
  if (pattern.test(sign)) return { ...scheme, sign: sign.replace(pattern, '$1') }
  return undefined
}

/** The scheme that takes the secret as it is; undefined where it does already. */
function asSecret(scheme: Scheme): Scheme | undefined {
  return scheme.key === undefined || scheme.key === '{secret}'
    ? undefined
    : { ...scheme, key: '{secret}' }
}

function unhex(text: string): string | undefined {
  return /^(?:[0-9a-f]{2})+$/i.test(text) ? Buffer.from(text, 'hex').toString('latin1') : undefined
}

function unbase64(text: string): string | undefined {
  if (!/^[A-Za-z0-9+/_-]{8,}={0,2}\s*$/.test(text)) return undefined
  return Buffer.from(text, 'base64').toString('latin1')
}
