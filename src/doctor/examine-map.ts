import type { ProviderSettings, Settings } from '../config/settings.ts'
import { resolveSecret, type SecretSources } from '../secrets/resolve.ts'
import type { Bytes, Millis } from '../units.ts'
import type { Finding } from './rules.ts'

/** Automatisch's own limit. */
const MOST_BODY: Bytes = 1024 ** 2
/** Addresses of private use, loopback and links. @see RFC 6890 */
const PRIVATE =
  /^(?:10\.|127\.|169\.254\.|192\.168\.|172\.(?:1[6-9]|2\d|3[01])\.|100\.(?:6[4-9]|[7-9]\d|1[01]\d|12[0-7])\.|\[(?:::1\]|f[cd]|fe[89ab]))/i
/** Hosts that nobody else reaches. */
const LOOPBACK = /^(?:localhost|127\.\d+\.\d+\.\d+|::1)$/

/** What is wrong with a map that loads. */
export function examineMap(settings: Settings, sources: SecretSources, now: Millis): Finding[] {
  return [
    ...upstream(settings),
    ...store(settings),
    ...settings.providers.flatMap(provider => examineProvider(provider, now)),
    ...shared(settings.providers, sources),
  ]
}

function upstream({ upstream: { url } }: Settings): Finding[] {
  const { protocol, hostname } = new URL(url)
  const address = /^\d+\.\d+\.\d+\.\d+$|^\[/.test(hostname)
  if (protocol !== 'http:' || !address || PRIVATE.test(hostname)) return []
  return [{ rule: 'upstream_public', where: 'map upstream', detail: url }]
}

function store({ store }: Settings): Finding[] {
  if (store === undefined || store.password !== undefined || LOOPBACK.test(store.host)) return []
  return [{ rule: 'store_password', where: 'map store', detail: `${store.host}:${store.port}` }]
}

function examineProvider(provider: ProviderSettings, now: Millis): Finding[] {
  const { name, scheme, mode, limits, secrets, allowIps } = provider
  const where = `map providers.${name}`
  const found: Finding[] = []
  if ('none' in scheme && allowIps.length === 0) {
    found.push({ rule: 'provider_unsigned', where, detail: `"${scheme.none}"` })
  }
  if (mode === 'report') found.push({ rule: 'provider_reports', where })
  if (limits.body > MOST_BODY) found.push({ rule: 'body_limit', where })
  for (const { until } of secrets) {
    if (until === undefined || until >= now) continue
    const day = new Date(until).toISOString().slice(0, 10)
    found.push({ rule: 'secret_ended', where, detail: `it ended on ${day}` })
  }
  return found
}

/** One secret of several providers: worst where one of them shows it in each request. */
function shared(providers: readonly ProviderSettings[], sources: SecretSources): Finding[] {
  const owners = new Map<
    string,
    { readonly refs: Set<string>; readonly of: Set<ProviderSettings> }
  >()
  for (const provider of providers) {
    for (const { ref } of provider.secrets) {
      const secret = resolveSecret(ref, sources)
      // what cannot be read is equal where the reference is
      const value = 'problem' in secret ? ref : Buffer.from(secret.bytes).toString('latin1')
      const owner = owners.get(value) ?? { refs: new Set(), of: new Set() }
      owner.refs.add(ref)
      owner.of.add(provider)
      owners.set(value, owner)
    }
  }
  return [...owners.values()].flatMap(({ refs, of }): Finding[] => {
    if (of.size < 2) return []
    const where = `map providers.${[...of].map(({ name }) => name).join(', ')}`
    const clear = [...of].filter(showsSecret)
    if (clear.length > 0 && clear.length < of.size) {
      const names = clear.map(({ name }) => name).join(', ')
      return [{ rule: 'secret_in_clear', where, detail: `sent in clear by ${names}` }]
    }
    const automatischs = [...refs].some(ref => /webhook_secret_key$/i.test(ref))
    return automatischs ? [] : [{ rule: 'secret_shared', where }]
  })
}

function showsSecret({ scheme }: ProviderSettings): boolean {
  return !('none' in scheme) && (scheme.alg === 'token' || scheme.alg === 'basic')
}
