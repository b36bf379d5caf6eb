import { request } from 'node:http'
import { request as requestTls } from 'node:https'
import { connect } from 'node:net'
import { postureOf } from '../discovery/posture.ts'
import type { Finding } from '../doctor/rules.ts'
import { Fault } from '../errors.ts'
import type { Millis } from '../units.ts'

/** What may be asked over the network. */
export interface ProbeOptions {
  readonly reach: readonly string[]
  readonly automatisch?: string | undefined
  readonly tryLogin: boolean
  readonly redis?: string | undefined
  /** URL of PostgreSQL, with the password. */
  readonly database?: string | undefined
  /** Wall clock. */
  readonly now: Millis
}

const PATIENCE: Millis = 3_000
const APART: Millis = 30_000
const PORTS = [
  { port: 3000, rule: 'port_published' },
  { port: 5432, rule: 'store_published' },
  { port: 6379, rule: 'store_published' },
] as const

/** Asks what was told to be asked, each within three seconds. Throws a fault where there is nobody to ask. */
export async function probe(options: ProbeOptions): Promise<Finding[]> {
  const { reach, automatisch, redis, database, tryLogin, now } = options
  const reached = reach.flatMap(host =>
    PORTS.map(async ({ port, rule }): Promise<Finding[]> => {
      const answers = (await talk(host, port, '')) !== undefined
      return answers ? [{ rule, where: `${host}:${port}`, detail: 'it answers from here' }] : []
    }),
  )
  const found = [
    ...(await Promise.all(reached)).flat(),
    ...(redis === undefined ? [] : await askRedis(redis)),
    ...(database === undefined ? [] : await askDatabase(database, now)),
    ...(automatisch === undefined ? [] : await askAutomatisch(automatisch, tryLogin, now)),
  ]
  if (tryLogin && automatisch === undefined) {
    throw new Fault('usage', '--try-login needs --automatisch URL')
  }
  return found
}

async function askRedis(address: string): Promise<Finding[]> {
  const [, host = '', port = ''] = /^\[?([^\]]+?)\]?:(\d+)$/.exec(address) ?? []
  if (port === '') throw new Fault('usage', `--redis: '${address}' is no HOST:PORT`)
  const said = await talk(host, Number(port), 'PING\r\n')
  if (said === undefined) throw new Fault('probe', `no Redis answers at ${address}`)
  return said.startsWith('+PONG') ? [{ rule: 'redis_password', where: address }] : []
}

async function askAutomatisch(url: string, tryLogin: boolean, now: Millis): Promise<Finding[]> {
  const health = await ask(new URL('/healthcheck', origin(url)))
  if (health === undefined) throw new Fault('probe', `nobody answers at ${url}`)
  const found = health.date === undefined ? [] : clock(url, health.date, now)
  const queues = await ask(new URL('/admin/queues', origin(url)))
  // the web page is sent for any path that is not there
  if (queues?.status === 401 || (queues?.status === 200 && /bull/i.test(queues.body))) {
    found.push({ rule: 'queues_reachable', where: `${url}/admin/queues`, detail: 'it answers' })
  }
  if (!tryLogin) return found
  return [...found, ...(await tryStockLogin(url))]
}

/** Logs in as everybody could, and out again: a session of an administrator would stay for two weeks. */
async function tryStockLogin(url: string): Promise<Finding[]> {
  const sessions = new URL('/internal/api/v1/access-tokens', origin(url))
  const body = JSON.stringify({ email: 'user@automatisch.io', password: 'sample' })
  const answer = await ask(sessions, { method: 'POST', body })
  const [, token] = /"token":"([^"]+)"/.exec(answer?.body ?? '') ?? []
  if (answer === undefined || answer.status >= 300 || token === undefined) return []
  const own = new URL(`access-tokens/${encodeURIComponent(token)}`, sessions)
  const ended = await ask(own, { method: 'DELETE', token })
  const left = ended?.status === 204 ? {} : { detail: 'the session of this probe was not ended' }
  return [{ rule: 'seed_login', where: url, ...left }]
}

async function askDatabase(url: string, now: Millis): Promise<Finding[]> {
  const posture = await postureOf(url)
  const where = 'database'
  const stock = URL.canParse(url) && new URL(url).password === 'automatisch_password'
  return [
    ...clock(where, posture.now, now),
    ...(posture.readsCredentials ? [{ rule: 'role_broad', where } as const] : []),
    ...(stock ? [{ rule: 'stock_password', where } as const] : []),
  ]
}

function clock(where: string, theirs: Millis, ours: Millis): Finding[] {
  const apart = Math.abs(theirs - ours)
  if (apart <= APART) return []
  return [{ rule: 'clock_offset', where, detail: `${Math.round(apart / 1000)} s apart` }]
}

function origin(url: string): string {
  if (!/^https?:\/\//.test(url) || !URL.canParse(url)) {
    throw new Fault('usage', `--automatisch: '${url}' is no URL`)
  }
  return url
}

interface Answer {
  readonly status: number
  readonly date: Millis | undefined
  readonly body: string
}

interface Asking {
  readonly method: 'GET' | 'POST' | 'DELETE'
  /** JSON. */
  readonly body?: string
  readonly token?: string
}

function ask(
  url: URL,
  { method, body, token }: Asking = { method: 'GET' },
): Promise<Answer | undefined> {
  return new Promise(resolve => {
    const make = url.protocol === 'https:' ? requestTls : request
    const headers = {
      ...(body === undefined ? {} : { 'Content-Type': 'application/json' }),
      ...(token === undefined ? {} : { Authorization: token }),
    }
    const asked = make(url, { method, headers, signal: AbortSignal.timeout(PATIENCE) }, answer => {
      let text = ''
      answer.setEncoding('utf8').on('data', (chunk: string) => {
        if (text.length < 100_000) text += chunk
      })
      answer.on('error', () => resolve(undefined))
      answer.on('end', () => {
        const date = Date.parse(answer.headers.date ?? '')
        resolve({
          status: answer.statusCode ?? 0,
          date: Number.isNaN(date) ? undefined : date,
          body: text,
        })
      })
    })
    asked.on('error', () => resolve(undefined))
    asked.end(body)
  })
}

/** Connects, says something and gives the first words of the answer; undefined where nobody takes the connection. */
function talk(host: string, port: number, words: string): Promise<string | undefined> {
  return new Promise(resolve => {
    const socket = connect({ host, port, timeout: PATIENCE })
    const end = (answer: string | undefined): void => {
      socket.destroy()
      resolve(answer)
    }
    socket.on('connect', () => (words === '' ? end('') : socket.write(words)))
    socket.on('data', chunk => end(chunk.toString('latin1')))
    socket.on('timeout', () => end(undefined))
    socket.on('error', () => end(undefined))
    socket.on('close', () => end(undefined))
  })
}
