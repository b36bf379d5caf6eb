import { PRESETS } from '../presets/presets.ts'
import { nearest } from '../spelling.ts'
import type { Scheme } from '../verify/scheme.ts'
import { checkBodies, checkForwarded } from './check-bodies.ts'
import { checkEnrolment, checkHandshake } from './check-handshake.ts'
import { misspelt } from './check-routes.ts'
import { checkValues } from './check-values.ts'
import { type Demands, demandsOf } from './demands.ts'
import type { Path } from './issues.ts'
import type { Report } from './report.ts'
import type { Salvaged } from './salvage.ts'
import type { MapValues, ProviderValues } from './schema.ts'
import { scheme as schemeSchema } from './scheme.ts'
import type { ProviderSettings } from './settings.ts'
import {
  coversBody,
  fetchesInVain,
  fetching,
  formatted,
  publicKeyOf,
  type Signing,
  schemeOf,
  valuesOf,
} from './signing.ts'

/** What is wrong with a scheme; `column` counts from 1 within the text of `key`, such as `items[1]`. */
interface SchemeFlaw {
  readonly key: string
  /** The key of the entry where the fault is, and not in the scheme. */
  readonly entry?: 'public_key' | 'jwks' | 'topic_arn' | undefined
  readonly column: number
  readonly message: string
  /** The word that was probably meant. */
  readonly meant?: string | undefined
}

/** Tries to compile a scheme: what `verify` knows and this room may not. */
export type CompileScheme = (scheme: Scheme, entry: SchemeEntry) => readonly SchemeFlaw[]

/** What an entry gives its scheme. */
interface SchemeEntry {
  readonly publicUrl: string | undefined
  readonly values: ProviderSettings['values']
  readonly publicKey: ProviderSettings['publicKey']
}

type Provider = Salvaged<ProviderValues>

/** Checks how each provider's sender proves itself. */
export function checkSenders(
  map: Salvaged<MapValues>,
  options: { readonly dev: boolean; readonly compileScheme: CompileScheme | undefined },
  report: Report,
): void {
  for (const [name, provider] of Object.entries(map.providers ?? {})) {
    if (provider === undefined) continue
    const at = ['providers', name]
    const named = resolve(name, provider, at, report)
    const signing = named && fetching(named, provider)
    const demands = signing === undefined ? undefined : demandsOf(signing)
    checkSecrets(provider, demands, at, options.dev, report)
    if (signing === undefined || demands === undefined) continue
    checkValues(demands, at, report)
    if (fetchesInVain(signing, provider) && demands.named.includes('cert_url')) {
      const fix = 'write the URL of its certificate, and its `public_key`'
      report.at([...at, 'cert_url'], { message: 'nothing is fetched for this sender', fix })
    }
    checkHandshake(handshakesOf(name, provider, at, report), provider, at, report)
    const known = report.has([...at, 'scheme']) ? undefined : PRESETS[provider.preset ?? name]
    checkEnrolment(known?.enrolment !== undefined, provider, at, report)
    checkReplay(provider, signing, at, report)
    checkBodies(provider, signing, at, report)
    const given = provider.content_types?.filter(type => type !== undefined)
    const usual = map.defaults?.content_types?.filter(type => type !== undefined)
    checkForwarded(provider.forward_as, given ?? known?.contentTypes ?? usual ?? [], at, report)
    if ('none' in signing || options.compileScheme === undefined) continue
    const entry = {
      publicUrl: provider.public_url ?? map.public_url,
      values: { ...placeholders(demands), ...valuesOf(provider) },
      publicKey: publicKeyOf(provider),
    }
    const inMap = report.has([...at, 'scheme'])
    for (const flaw of options.compileScheme(formatted(signing, provider), entry)) {
      const fix = flaw.meant === undefined ? undefined : `did you mean \`${flaw.meant}\`?`
      if (flaw.entry !== undefined) {
        report.at([...at, flaw.entry], { message: flaw.message, fix })
      } else if (inMap) {
        const path = [...at, 'scheme', ...stepsOf(flaw.key)]
        report.at(path, { message: flaw.message, fix, offset: flaw.column - 1 })
      } else report.at(at, { message: flaw.message, fix, ofKey: true })
    }
  }
}

/** What the preset of an entry knows to answer. */
function handshakesOf(name: string, provider: Provider, at: Path, report: Report) {
  const own = report.has([...at, 'scheme'])
  return own ? [] : (PRESETS[provider.preset ?? name]?.handshake ?? [])
}

/** What is missing was reported; the compiler shall not report it again. */
function placeholders({ named }: Demands): ProviderSettings['values'] {
  return Object.fromEntries(named.map(name => [name, 'missing']))
}

/** The scheme of a provider whose entry is in order; undefined for one that names none. */
function signingOf(
  name: string,
  given: { readonly preset?: string | undefined; readonly scheme?: unknown },
): Signing | undefined {
  if (given.scheme === undefined) return PRESETS[given.preset ?? name]?.scheme
  const read = schemeSchema.safeParse(given.scheme)
  return read.success ? schemeOf(read.data) : undefined
}

function resolve(name: string, provider: Provider, at: Path, report: Report): Signing | undefined {
  const own = report.has([...at, 'scheme'])
  if (own && report.has([...at, 'preset'])) {
    report.at([...at, 'preset'], {
      message: '`preset` and `scheme` exclude each other',
      fix: 'remove one of them',
      ofKey: true,
    })
  }
  if (own) return signingOf(name, { scheme: report.valueAt([...at, 'scheme']) })
  const wanted = provider.preset ?? name
  const known = PRESETS[wanted]
  if (known !== undefined) return known.scheme
  if (misspelt(at, 'preset', report) || misspelt(at, 'scheme', report)) return undefined
  const near = nearest(wanted, Object.keys(PRESETS))
  const list = 'every preset has a page in docs/providers/'
  if (provider.preset !== undefined) {
    const fix = near === undefined ? list : `did you mean \`${near}\`?`
    report.at([...at, 'preset'], { message: `no preset is called \`${wanted}\``, fix })
  } else if (!report.has([...at, 'preset'])) {
    report.at(at, {
      message: `no preset is called \`${name}\`, and the entry has neither \`preset\` nor \`scheme\``,
      fix: near === undefined ? list : `did you mean \`preset: ${near}\`?`,
      ofKey: true,
    })
  }
  return undefined
}

function checkSecrets(
  provider: Provider,
  demands: Demands | undefined,
  at: Path,
  dev: boolean,
  report: Report,
): void {
  const [one, many] = [report.has([...at, 'secret']), report.has([...at, 'secrets'])]
  if (one && many) {
    const message = '`secret` and `secrets` exclude each other'
    report.at([...at, 'secrets'], { message, fix: 'keep `secrets`', ofKey: true })
  }
  const proof = demands?.proof ?? 'secret'
  if (proof !== 'secret') {
    if (!one && !many) return
    const [message, fix] =
      proof === 'nothing'
        ? ['an unsigned sender has no secret', 'remove it, or say how the sender proves itself']
        : ['a public key proves this sender: a secret would prove nothing', 'remove it']
    report.at([...at, one ? 'secret' : 'secrets'], { message, fix, ofKey: true })
    return
  }
  const absent = !one && !many && !['secret', 'secrets'].some(key => misspelt(at, key, report))
  if (absent && demands !== undefined) {
    const message = 'missing: this sender signs, so its entry needs `secret`'
    report.at(at, { message, fix: '`secret: env:NAME` or `secret: file:PATH`', ofKey: true })
  }
  checkReferences(provider, at, dev, report)
}

function checkReferences(provider: Provider, at: Path, dev: boolean, report: Report): void {
  const listed = (provider.secrets ?? []).map((entry, index) => {
    const path = [...at, 'secrets', index]
    return typeof entry === 'object'
      ? { ref: entry.secret, ends: entry.until !== undefined, path: [...path, 'secret'] }
      : { ref: entry, ends: false, path }
  })
  const seen = new Set<string>()
  for (const { ref, path } of [{ ref: provider.secret, path: [...at, 'secret'] }, ...listed]) {
    if (ref === undefined) continue
    if (ref.startsWith('plain:') && !dev) {
      const fix = 'put the secret into a variable or a file: `env:NAME`, `file:PATH`'
      report.at(path, { message: '`plain:` is accepted with `--dev` only', fix })
    }
    if (seen.has(ref)) report.at(path, { message: 'this reference is listed twice' })
    seen.add(ref)
  }
  if (listed.length > 0 && listed.every(({ ends }) => ends)) {
    report.at([...at, 'secrets'], {
      message: 'every secret ends: after that nothing from this sender would be accepted',
      fix: 'list the secret that stays without `until`',
      ofKey: true,
    })
  }
}

function checkReplay(provider: Provider, signing: Signing, at: Path, report: Report): void {
  if (typeof provider.replay !== 'number' || coversBody(signing)) return
  report.at([...at, 'replay'], {
    message: 'no signature covers the body here, so two events cannot be told from a repetition',
    fix: 'remove it, or write `replay: off`',
  })
}

/** `items[1]` and `timestamp.from` as steps. */
function stepsOf(key: string): Path {
  if (key === '') return []
  return key
    .split(/[.[\]]+/)
    .filter(step => step !== '')
    .map(step => (/^\d+$/.test(step) ? Number(step) : step))
}
