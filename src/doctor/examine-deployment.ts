import { type Container, nameOfImage, type Role } from './deployment.ts'
import type { Finding } from './rules.ts'

/** What the deployment is compared with. */
export interface Expected {
  /** Origin that senders call, as the map says it. */
  readonly publicUrl: string | undefined
  /** The newest release of Automatisch, as the operator says it. */
  readonly latest: string | undefined
}

const SECRETS =
  /^(?:ENCRYPTION_KEY|WEBHOOK_SECRET_KEY|APP_SECRET_KEY|HOOKWARDEN_SEAL_KEY|\w*PASSWORD)$/
const STOCK_PASSWORD = 'automatisch_password'
const STORES = new Set(['postgres', 'redis'])
const AUTOMATISCH = new Set(['main', 'worker'])

/** What is wrong with the containers of all files together. */
export function examineDeployment(containers: readonly Container[], expected: Expected): Finding[] {
  const guarded = containers.some(({ role }) => role === 'hookwarden')
  return containers.flatMap(container => [
    ...doors(container, guarded),
    ...secretsOf(container),
    ...stores(container),
    ...exposed(container),
    ...automatisch(container, expected),
    ...upkeep(container, expected.latest),
  ])
}

function doors({ where, role, published }: Container, guarded: boolean): Finding[] {
  const ports = published.join(', ')
  const found: Finding[] = []
  if (role === 'main' && !guarded) found.push({ rule: 'proxy_missing', where })
  if (published.length === 0) return found
  if (AUTOMATISCH.has(role)) found.push({ rule: 'port_published', where, detail: `port ${ports}` })
  if (STORES.has(role)) found.push({ rule: 'store_published', where, detail: `port ${ports}` })
  return found
}

function secretsOf({ where, env, words }: Container): Finding[] {
  const literal = [...env].filter(
    ([name, value]) => SECRETS.test(name) && value !== undefined && value !== '',
  )
  const names = literal.map(([name]) => name)
  const stock = literal.filter(([, value]) => value === STOCK_PASSWORD)
  const typed = words.indexOf('--requirepass')
  const password = typed === -1 ? undefined : words[typed + 1]?.replaceAll(/["']/g, '')
  if (password !== undefined && !password.includes('$')) names.push('--requirepass')
  return [
    ...(names.length > 0
      ? [{ rule: 'secret_in_file', where, detail: names.join(', ') } as const]
      : []),
    ...(stock.length > 0
      ? [{ rule: 'stock_password', where, detail: stock.map(([name]) => name).join(', ') } as const]
      : []),
  ]
}

function stores({ where, role, words, env, isolated }: Container): Finding[] {
  if (!STORES.has(role)) return []
  const found: Finding[] = []
  if (!isolated) found.push({ rule: 'network_flat', where })
  const configured = words.some(word => /requirepass|aclfile|\.conf$/.test(word))
  if (role === 'redis' && !configured && !env.has('REDIS_PASSWORD')) {
    found.push({ rule: 'redis_password', where })
  }
  return found
}

/** Neighbours of Automatisch's containers that have no business with them. */
function exposed({ where, role, beside }: Container): Finding[] {
  const strangers: Role[] = role === 'worker' ? ['hookwarden', 'other'] : ['other']
  const met = AUTOMATISCH.has(role) ? strangers.filter(one => beside.has(one)) : []
  if (met.length === 0) return []
  const detail = `beside ${met.map(one => (one === 'other' ? 'containers of others' : 'Hookwarden')).join(' and ')}`
  return [{ rule: 'worker_exposed', where, detail }]
}

function automatisch({ where, role, env, words }: Container, { publicUrl }: Expected): Finding[] {
  if (!AUTOMATISCH.has(role)) return []
  const found: Finding[] = []
  if (words.some(word => word.includes('compose-entrypoint'))) {
    found.push({ rule: 'keys_on_volume', where })
  }
  if (env.get('LOG_LEVEL') === 'debug') found.push({ rule: 'log_debug', where })
  if (env.get('ENABLE_BULLMQ_DASHBOARD') === 'true') {
    found.push({ rule: 'queues_reachable', where, detail: 'ENABLE_BULLMQ_DASHBOARD=true' })
  }
  if (role !== 'main') return found
  if (env.get('DISABLE_SEED_USER') !== 'true') found.push({ rule: 'seed_user', where })
  const problem = webhookUrlProblem(env, publicUrl)
  if (problem !== undefined) found.push({ rule: 'webhook_url', where, detail: problem })
  return found
}

function webhookUrlProblem(
  env: Container['env'],
  publicUrl: string | undefined,
): string | undefined {
  if (!env.has('WEBHOOK_URL')) return 'WEBHOOK_URL is not set'
  const text = env.get('WEBHOOK_URL')
  if (text === undefined) return undefined // from outside of the file
  if (!URL.canParse(text)) return `${text} is no URL`
  const url = new URL(text)
  if (url.protocol !== 'https:') return `${text} is not https`
  if (url.pathname !== '/') return `the path ${url.pathname} is dropped`
  if (publicUrl === undefined || url.origin === publicUrl) return undefined
  return `${url.origin} is not the map's public_url, ${publicUrl}`
}

function upkeep(
  { where, role, image, restarts, healthChecked, root }: Container,
  latest: string | undefined,
): Finding[] {
  if (role === 'other') return []
  const found: Finding[] = []
  if (image === undefined) {
    found.push({ rule: 'image_unpinned', where, detail: 'built from a Dockerfile' })
  } else if (!/@sha256:[0-9a-f]{64}$/.test(image)) {
    found.push({ rule: 'image_unpinned', where, detail: image })
  }
  const behind = image === undefined || latest === undefined ? undefined : older(image, latest)
  if (AUTOMATISCH.has(role) && behind !== undefined) {
    found.push({ rule: 'release_behind', where, detail: `${behind}, and ${latest} is out` })
  }
  if (!restarts) found.push({ rule: 'restart_missing', where })
  if (!healthChecked) found.push({ rule: 'health_unchecked', where })
  // the images of PostgreSQL and Redis give root up by themselves
  if (root && !STORES.has(role)) found.push({ rule: 'container_root', where })
  return found
}

/** The version of an image's tag where it is older than `latest`; a tag without one says nothing. */
function older(image: string, latest: string): string | undefined {
  const tag = /:v?(?<version>\d+(?:\.\d+)*)/.exec(nameOfImage(image))?.groups?.version
  if (tag === undefined) return undefined
  const [ours, theirs] = [tag, latest.replace(/^v/, '')].map(text => text.split('.').map(Number))
  for (let i = 0; i < (theirs?.length ?? 0); i++) {
    const difference = (ours?.[i] ?? 0) - (theirs?.[i] ?? 0)
    if (difference !== 0) return difference < 0 ? tag : undefined
  }
  return undefined
}
