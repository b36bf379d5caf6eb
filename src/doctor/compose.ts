import { at, type Container, isKeyed, listOf, roleOf, textOf } from './deployment.ts'

/** Whether a document is a compose file. */
export function isCompose(document: unknown): boolean {
  return isKeyed(at(document, 'services'))
}

/** The containers of a compose file. @see "Compose file reference", Docker documentation */
export function readCompose(document: unknown, file: string): readonly Container[] {
  const services = at(document, 'services')
  if (!isKeyed(services)) return []
  const joined = Object.entries(services).map(([name, service]) => {
    const env = environmentOf(at(service, 'environment'))
    const image = literal(textOf(at(service, 'image')))
    const networks = networksOf(at(service, 'networks'))
    return { name, service, env, image, role: roleOf(name, image, env), networks }
  })
  return joined.map(({ name, service, env, image, role, networks }) => {
    const neighbours = joined.filter(
      other => other.role === 'other' && !other.networks.isDisjointFrom(networks),
    )
    const internal = [...networks].every(
      network => at(document, 'networks', network, 'internal') === true,
    )
    const user = textOf(at(service, 'user'))
    const policy = textOf(at(service, 'restart'))
    const deployed = textOf(at(service, 'deploy', 'restart_policy', 'condition'))
    return {
      where: `${file} ${name}`,
      role,
      image,
      env,
      words: ['entrypoint', 'command'].flatMap(key => wordsOf(at(service, key))),
      published: listOf(at(service, 'ports')).flatMap(publishedBy),
      beside: new Set(
        joined.flatMap(other =>
          other.name === name || other.networks.isDisjointFrom(networks) ? [] : [other.role],
        ),
      ),
      isolated: networks.size > 0 && internal && neighbours.length === 0,
      restarts: (policy !== undefined && policy !== 'no') || (deployed ?? 'none') !== 'none',
      healthChecked: isKeyed(at(service, 'healthcheck')),
      root: user === undefined || /^(?:0|root)(?::|$)/.test(user),
      envFiles: listOf(at(service, 'env_file')).flatMap(entry => {
        const path = textOf(isKeyed(entry) ? entry.path : entry)
        return path === undefined ? [] : [path]
      }),
    }
  })
}

/** `A=b` in a list, or `A: b`; a name alone takes its value from outside. */
function environmentOf(value: unknown): Map<string, string | undefined> {
  const env = new Map<string, string | undefined>()
  if (isKeyed(value)) {
    for (const [name, given] of Object.entries(value)) env.set(name, literal(textOf(given)))
    return env
  }
  for (const entry of listOf(value)) {
    const text = textOf(entry) ?? ''
    const sign = text.indexOf('=')
    if (sign === -1) env.set(text, undefined)
    else env.set(text.slice(0, sign), literal(text.slice(sign + 1)))
  }
  return env
}

/** What stands in the file itself: `${A:-b}` has `b`, `${A}` has nothing. */
function literal(text: string | undefined): string | undefined {
  if (text === undefined) return undefined
  const variable = /^\$\{\w+(?<sign>:?[-?+])?(?<rest>[^}]*)\}$/.exec(text)?.groups
  if (variable !== undefined) return variable.sign?.endsWith('-') ? variable.rest : undefined
  return /(?<!\$)\$\{?\w/.test(text) ? undefined : text
}

function networksOf(value: unknown): Set<string> {
  const names = isKeyed(value)
    ? Object.keys(value)
    : listOf(value).flatMap(one => textOf(one) ?? [])
  return new Set(names.length === 0 ? ['default'] : names)
}

function wordsOf(value: unknown): string[] {
  return listOf(value).flatMap(one => (textOf(one) ?? '').split(/\s+/))
}

/** The host's port of `3000:3000`, `127.0.0.1:3000:3000` or the long form; none for loopback. */
function publishedBy(value: unknown): number[] {
  if (isKeyed(value)) {
    const address = textOf(value.host_ip)
    const port = textOf(value.published)
    return port === undefined || isLoopback(address) ? [] : [Number.parseInt(port, 10)]
  }
  const parts =
    /^(?:(?<address>\[[^\]]*\]|[^:]*):)?(?:(?<host>[\d-]*):)?(?<inside>[\d-]+)(?:\/\w+)?$/
  const { address, host, inside } = parts.exec(textOf(value) ?? '')?.groups ?? {}
  if (inside === undefined || isLoopback(address)) return []
  // `3000:3000` is read as an address with a port: a number alone is no address
  const port = host ?? (/^\d+/.test(address ?? '') ? address : inside)
  return [Number.parseInt(port === '' || port === undefined ? inside : port, 10)]
}

function isLoopback(address: string | undefined): boolean {
  return address !== undefined && /^(?:127\.|\[?::1\]?$|localhost$)/.test(address)
}
