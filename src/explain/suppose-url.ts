import { Head } from '../head.ts'
import type { FindingCode } from './findings.ts'
import type { Hypothesis, Scene } from './scene.ts'
import type { Trial } from './trial.ts'

/** Whatever names what was called, by who writes it. A value is tried, never believed. */
const HOSTS = ['host', 'x-forwarded-host', 'x-original-host', ':authority'] as const
const TARGETS = ['x-original-uri', 'x-original-url', 'x-rewrite-url', 'x-forwarded-uri'] as const
const PREFIXES = ['x-forwarded-prefix', 'x-forwarded-path', 'x-script-name'] as const
const MOST_HOSTS = 12
const HOST = /^[A-Za-z0-9.-]{1,253}(?::\d{1,5})?$|^\[[0-9A-Fa-f:.]{2,45}\](?::\d{1,5})?$/

interface Origin {
  readonly scheme: string
  readonly host: string
  /** With its colon; empty where the URL names none. */
  readonly port: string
}

/** Another URL than ours: what senders call is known here by `public_url` and the target that arrives alone. */
export function* supposeUrl(scene: Scene, base: Trial): Generator<Hypothesis> {
  const text = JSON.stringify(base.scheme)
  if (/\{url[|}]/.test(text)) yield* supposeOrigins(scene, base)
  if (/\{(?:url|target|path)[|}]/.test(text)) yield* supposeTargets(base)
}

function* supposeOrigins(scene: Scene, base: Trial): Generator<Hypothesis> {
  const own = split(base.options.publicUrl ?? '')
  if (own === undefined) return
  const { path, ...origin } = own
  const called = candidates(scene, origin)
  // one part at a time comes first, so that what is named is no more than what is wrong
  const tries = [
    ...['http', 'https'].map(scheme => ({ ...origin, scheme })),
    ...called.map(({ host }) => ({ ...origin, host })),
    ...ports(called, origin).map(port => ({ ...origin, port })),
    ...['http', 'https'].flatMap(scheme =>
      called.flatMap(({ host }) => ports(called, origin).map(port => ({ scheme, host, port }))),
    ),
  ]
  const seen = new Set([written(origin)])
  for (const one of tries) {
    const publicUrl = written(one)
    if (seen.has(publicUrl)) continue
    seen.add(publicUrl)
    const trial = { ...base, options: { ...base.options, publicUrl: publicUrl + path } }
    const detail = `the sender signed ${publicUrl}, and public_url says ${written(origin)}`
    yield { code: differing(one, origin), detail, trial }
  }
  for (const other of path === '' ? [] : ['']) {
    const trial = { ...base, options: { ...base.options, publicUrl: written(origin) + other } }
    yield { code: 'url_path', detail: `the sender signed no ${path} before the path`, trial }
  }
}

function differing(one: Origin, own: Origin): FindingCode {
  if (one.host !== own.host) return 'url_host'
  return one.port === own.port ? 'url_scheme' : 'url_port'
}

/** Hosts and ports that the request, its capture or the map names. */
function candidates({ others, head, origin }: Scene, own: Origin): Origin[] {
  const named = HOSTS.flatMap(name => head.all(name)).filter(host => HOST.test(host))
  const forwarded = head
    .all('forwarded')
    .flatMap(value => /(?:^|[;,\s])host="?(?<host>[^;,"\s]+)/i.exec(value)?.groups?.host ?? [])
    .filter(host => HOST.test(host))
  const urls = others.flatMap(({ options }) => options.publicUrl ?? [])
  const all = [origin ?? '', ...named, ...forwarded, ...urls].flatMap(text => {
    const found = split(text.includes('://') ? text : `${own.scheme}://${text}`)
    return found === undefined ? [] : [found]
  })
  return all.slice(0, MOST_HOSTS)
}

function ports(called: readonly Origin[], own: Origin): string[] {
  return [...new Set(['', own.port, ...called.map(({ port }) => port), ':443', ':80', ':8443'])]
}

function split(url: string): (Origin & { readonly path: string }) | undefined {
  const found =
    /^(?<scheme>https?):\/\/(?<host>\[[^\]]+\]|[^/:?#]+)(?<port>:\d{1,5})?(?<path>[^?#]*)$/i.exec(
      url,
    )
  const { scheme = '', host = '', port = '', path = '' } = found?.groups ?? {}
  return found === null ? undefined : { scheme, host, port, path: path.replace(/\/$/, '') }
}

function written({ scheme, host, port }: Origin): string {
  return `${scheme}://${host}${port}`
}

function* supposeTargets(base: Trial): Generator<Hypothesis> {
  const { head, options } = base
  const called = (target: string, detail: string): Hypothesis => ({
    code: 'url_path',
    detail,
    trial: { ...base, head: new Head(head.method, target, head.raw) },
  })
  const query = head.query === undefined ? '' : `?${head.query}`
  const slash = head.path.endsWith('/')
  yield slash
    ? called(
        head.path.slice(0, -1) + query,
        'the sender signed the path without the slash at its end',
      )
    : called(`${head.path}/${query}`, 'the sender signed the path with a slash at its end')
  if (query !== '') yield called(head.path, 'the sender signed the path without its query')
  for (const name of PREFIXES.filter(name => typeof head.only(name) === 'string')) {
    const prefix = String(head.only(name)).replace(/\/$/, '')
    yield called(prefix + head.target, `the sender signed the path that ${name} completes`)
  }
  for (const name of TARGETS) {
    const target = head.only(name)
    if (typeof target === 'string' && target.startsWith('/'))
      yield called(target, `the sender signed the path that ${name} holds`)
  }
  const decoded = unescaped(head.target)
  if (decoded !== undefined && decoded !== head.target)
    yield called(decoded, 'the sender signed the path and query without percent escapes')
  if (options.publicUrl === undefined) return
  if (head.target === '/')
    yield called('', 'the sender signed the URL without the slash at its end')
}

function unescaped(target: string): string | undefined {
  try {
    return Buffer.from(decodeURIComponent(target)).toString('latin1')
  } catch {
    return undefined
  }
}
