import { type Bytes, formatBytes, formatMillis } from '../units.ts'
import { USUAL_CONSOLE } from './console.ts'
import type { Path } from './issues.ts'
import { isLoopback } from './network.ts'
import type { Report } from './report.ts'
import type { Salvaged } from './salvage.ts'
import { type MapValues, USUAL_HTTPS } from './schema.ts'
import type { Endpoint } from './settings.ts'

/** What one address may hold of `limits.buffered`: a larger body would never arrive. */
const SHARE_OF_ONE_ADDRESS = 8

/** Checks what listeners, deadlines and memory demand of each other. */
export function checkProcess(map: Salvaged<MapValues>, dev: boolean, report: Report): void {
  checkListeners(map, dev, report)
  checkDeadlines(map, report)
  checkBodies(map, report)
  checkStore(map, dev, report)
}

function checkListeners(map: Salvaged<MapValues>, dev: boolean, report: Report): void {
  if (map.listen === undefined) return
  const { https, http, admin } = map.listen
  const told = (key: string) => report.has(['listen', key])
  const plainAlone = told('http') && !told('https') && !told('tls')
  if (!dev && !plainAlone && !report.has(['listen', 'tls', 0])) {
    report.at(['listen', 'tls'], {
      message: 'missing: at least one certificate, each with `cert` and `key`',
      fix: 'for a first try, `--dev` makes a self-signed one',
    })
  }
  const secure = https ?? (plainAlone ? undefined : USUAL_HTTPS)
  checkPorts(
    [
      ['https', secure],
      ['http', http],
      ['admin', admin],
      ['console', map.console && (map.listen.console ?? USUAL_CONSOLE)],
    ],
    report,
  )
  checkAdmin(map, dev, report)
  checkProxies(map, report)
  checkConsole(map, dev, report)
  if (secure === undefined) checkCertificates(map, report)
}

type At = Salvaged<Endpoint> | undefined
type Listener = readonly [key: string, at: At]

function checkPorts(listeners: readonly Listener[], report: Report): void {
  for (const [i, [key, at]] of listeners.entries()) {
    const other = listeners.slice(0, i).find(([, one]) => collide(one, at))
    if (other !== undefined)
      report.at(['listen', key], { message: `the same port as \`listen.${other[0]}\`` })
  }
}

function collide(a: At, b: At): boolean {
  if (a?.port === undefined || a.port === 0 || a.port !== b?.port) return false
  return a.host === b.host || [a.host, b.host].some(host => host === '0.0.0.0' || host === '::')
}

/** A console that nobody could reach, or everybody could. */
function checkConsole(map: Salvaged<MapValues>, dev: boolean, report: Report): void {
  const lane = map.console
  if (!report.has(['console'])) {
    if (!report.has(['listen', 'console'])) return
    const message = 'nothing is served there: `console` is missing'
    return report.at(['listen', 'console'], {
      message,
      fix: 'write `console: { allow_ips: [127.0.0.0/8] }`, or remove it',
      ofKey: true,
    })
  }
  if (!dev && !report.has(['listen', 'tls', 0])) {
    const message = 'the console ends TLS itself, and `listen.tls` names no certificate'
    report.at(['console'], { message, ofKey: true })
  }
  if (report.has(['console', 'client_certificate'])) return
  for (const [i, one] of (lane?.allow_ips ?? []).entries()) {
    if (one?.endsWith('/0') !== true) continue
    const message = 'this lets everybody in: the login page is then the only door'
    const fix = 'name the addresses of your people, or ask for a `client_certificate`'
    report.at(['console', 'allow_ips', i], { message, fix })
  }
}

/** Who reaches the admin listener from elsewhere has to say who it is. */
function checkAdmin({ listen }: Salvaged<MapValues>, dev: boolean, report: Report): void {
  const host = listen?.admin?.host
  const at = ['listen', 'admin_auth']
  if (host !== undefined && !isLoopback(host) && !report.has(at)) {
    report.at(['listen', 'admin'], {
      message:
        'off loopback the admin listener has to ask for something, and `admin_auth` is missing',
      fix: 'write `admin_auth: file:/run/secrets/admin`, or `admin_auth: none` if the network is yours alone',
    })
  }
  const auth = listen?.admin_auth
  const ref = typeof auth === 'string' ? auth : auth?.password
  if (dev || ref?.startsWith('plain:') !== true) return
  report.at(typeof auth === 'string' ? at : [...at, 'password'], {
    message: '`plain:` is accepted with `--dev` only',
    fix: 'write `env:NAME` or `file:PATH`',
  })
}

/** Certificates of senders that would never arrive. */
function checkCertificates({ providers = {} }: Salvaged<MapValues>, report: Report): void {
  for (const name of Object.keys(providers)) {
    const at = ['providers', name, 'client_certificate']
    if (!report.has(at)) continue
    const message = 'nobody can show a certificate: there is only the plain `listen.http`'
    report.at(at, {
      message,
      fix: 'end TLS here, or let the proxy in front ask for it',
      ofKey: true,
    })
  }
}

/** Listeners whose senders only a proxy knows, without a proxy that is believed. */
function checkProxies({ listen, trust_proxies }: Salvaged<MapValues>, report: Report): void {
  if (trust_proxies !== undefined && trust_proxies.length > 0) return
  if (report.has(['trust_proxies', 0])) return // its own issue is told
  const fix = 'name the addresses of your proxies under `trust_proxies`'
  if (report.has(['listen', 'http'])) {
    const message = 'a plain listener is for a proxy that is believed, and `trust_proxies` is empty'
    report.at(['listen', 'http'], { message, fix })
  }
  if (listen?.proxy_protocol === true) {
    const message = 'a PROXY header is believed of peers in `trust_proxies` alone, which is empty'
    report.at(['listen', 'proxy_protocol'], { message, fix })
  }
}

function checkDeadlines(map: Salvaged<MapValues>, report: Report): void {
  const { settle, within } = map.drain ?? {}
  if (settle !== undefined && within !== undefined && settle >= within) {
    report.at(nearer(report, ['drain', 'settle'], ['drain', 'within']), {
      message: `\`settle\` (${formatMillis(settle)}) has to end before \`within\` (${formatMillis(within)})`,
    })
  }
  const { upstream } = map
  if (typeof upstream !== 'object') return
  const { answer, body } = upstream
  if (answer === undefined || body === undefined || answer <= body) return
  report.at(nearer(report, ['upstream', 'body'], ['upstream', 'answer']), {
    message: `\`body\` (${formatMillis(body)}) covers the whole answer, so it may not end before \`answer\` (${formatMillis(answer)})`,
  })
}

function checkBodies(map: Salvaged<MapValues>, report: Report): void {
  const buffered = map.limits?.buffered
  if (buffered === undefined) return
  const most = Math.floor(buffered / SHARE_OF_ONE_ADDRESS)
  const check = (body: Bytes | undefined, path: Path): void => {
    if (body === undefined || body <= most) return
    report.at(nearer(report, path, ['limits', 'buffered']), {
      message: `\`limits.buffered\` (${formatBytes(buffered)}) leaves one address an eighth, ${formatBytes(most)}: a body of ${formatBytes(body)} would never arrive`,
    })
  }
  check(map.defaults?.limits?.body, ['defaults', 'limits', 'body'])
  for (const [name, provider] of Object.entries(map.providers ?? {})) {
    check(provider?.limits?.body, ['providers', name, 'limits', 'body'])
  }
}

function checkStore(map: Salvaged<MapValues>, dev: boolean, report: Report): void {
  const { store } = map
  if (store === 'memory' && map.on_store_error === 'closed') {
    const message = '`on_store_error` is about a store that is shared, and `store` is `memory`'
    report.at(['on_store_error'], { message, fix: 'remove it, or write `store: redis://…`' })
  }
  if (typeof store !== 'object' || !('url' in store)) return
  for (const key of ['user', 'password'] as const) {
    if (dev || store[key]?.startsWith('plain:') !== true) continue
    const message = '`plain:` is accepted with `--dev` only'
    report.at(['store', key], { message, fix: 'write `env:NAME` or `file:PATH`' })
  }
  if (store.ca === undefined || store.url?.tls !== false) return
  const message = '`ca` is about TLS, and `redis://` uses none'
  report.at(['store', 'ca'], { message, fix: 'write `rediss://…`' })
}

/** The first path where the operator wrote it, else the second: nobody can correct a default. */
function nearer(report: Report, path: Path, other: Path): Path {
  return report.has(path) ? path : other
}
