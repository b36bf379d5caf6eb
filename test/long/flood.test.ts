import { openSync } from 'node:fs'
import { connect } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { freePort } from '../support/free-port.ts'
import { heapOf, INSPECTED } from '../support/heap.ts'
import { startProcess } from '../support/process.ts'
import { startRecorder } from '../support/recorder.ts'
import { NO_REDIS, redisClient, startRedis } from '../support/redis.ts'
import { connectPlain, type Pieces } from '../support/sender.ts'
import { ENV, GITHUB, genuine } from '../wire/stage.ts'

t.setTimeout(240_000)

/** Distinct IPv6 groups of addresses: more than the per-address limit has room for. */
const ADDRESSES = 101_000
const ROOM = 100_000
const CONNECTIONS = 8
/** Requests that are written at once. */
const BATCH = 50
const MIB = 1024 ** 2

/** The i-th sender: every second out of one /48, the others from anywhere. */
function sender(i: number): string {
  const word = (i >> 1).toString(16)
  return i % 2 === 0 ? `2001:db8:1:${word}::1` : `2a00:${word}:1:1::1`
}

const forwarded = (address: string) => ({ headers: [['X-Forwarded-For', address] as const] })
/** A signature that fits no body. */
const forged = (address: string): string =>
  `POST ${GITHUB} HTTP/1.1\r\nHost: localhost\r\nX-Forwarded-For: ${address}\r\n` +
  `X-Hub-Signature-256: sha256=${'0'.repeat(64)}\r\n` +
  'Content-Type: application/json\r\nContent-Length: 2\r\n\r\n{}'

t.test('a flood of forgeries from everywhere never reaches Redis', { skip: NO_REDIS }, async t => {
  const redis = await startRedis()
  t.teardown(() => redis.close())
  const client = redisClient(redis.port)
  t.teardown(() => client.disconnect())
  const recorder = await startRecorder()
  t.teardown(() => recorder.close())
  const port = await freePort()
  const hookwarden = await startProcess(t, {
    upstream: recorder.port,
    listen: `http: 127.0.0.1:${port}`,
    map: `store: ${redis.url}\ntrust_proxies: [127.0.0.1]\n`,
    provider: 'limits: { per_address: 3/10h }',
    stdout: openSync('/dev/null', 'w'),
    node: INSPECTED,
    env: ENV,
  })
  const calls = async (): Promise<Map<string, number>> => {
    const found = (await client.info('commandstats')).matchAll(/^cmdstat_([^:]+):calls=(\d+)/gm)
    const made = new Map([...found].map(([, name = '', count]) => [name, Number(count)]))
    made.delete('info')
    return made
  }
  const status = async (bytes: Pieces | string): Promise<number | undefined> => {
    const connection = await connectPlain(port)
    void connection.send(typeof bytes === 'string' ? [Buffer.from(bytes)] : bytes)
    const answer = await connection.answerOrClose()
    connection.destroy()
    return answer?.status
  }

  const limited = '192.0.2.1'
  const known = genuine('github', GITHUB, '{"id":"known"}', forwarded('192.0.2.2'))
  t.equal(await status(known), 204)
  for (const expected of [401, 401, 401, 429]) t.equal(await status(forged(limited)), expected)
  const before = await calls()
  const [held, begun] = [await heapOf(hookwarden), performance.now()]
  const told = await Promise.all(Array.from({ length: CONNECTIONS }, (_, i) => flood(port, i)))
  const took = performance.now() - begun
  const more = (await heapOf(hookwarden)) - held
  const sum = told.flatMap(one => [...one]).reduce((all, [, count]) => all + count, 0)
  t.comment(`${sum} requests, ${Math.round(sum / (took / 1000))} a second`)
  t.comment(`${(more / MIB).toFixed(1)} MiB more are held`)
  t.equal(sum, ADDRESSES)
  const statuses = new Set(told.flatMap(one => [...one.keys()]))
  t.same(
    [...statuses].filter(one => one !== '401' && one !== '429'),
    [],
  )
  t.same([...(await calls())], [...before], 'Redis saw no command')
  t.equal(recorder.requests.length, 1)
  const keys = (await hookwarden.metrics()).get('hookwarden_rate_limiter_keys{scope="address"}')
  t.equal(keys, ROOM)
  t.ok(more < 64 * MIB, 'memory stays inside its bound')

  // who is left without a place when it is full depends on which connection is the slowest
  const neighbours = Array.from({ length: 5 }, (_, i) => sender(2 * (0xfff0 + i)))
  for (const address of neighbours.slice(0, 4)) await status(forged(address))
  t.equal(
    await status(forged(neighbours[4] ?? '')),
    429,
    'who has no place shares one with its /48',
  )

  while ((await hookwarden.metrics()).get('hookwarden_overloaded') !== 0) await sleep(50)
  t.equal(await status(forged(limited)), 429, 'an address that was limited before stays limited')
  const fresh = genuine('github', GITHUB, '{"id":"fresh"}', forwarded('198.51.100.7'))
  t.equal(await status(fresh), 204, 'a sender that was never seen before is served')
  t.equal(await status(known), 200)
})

/** Every connection's share of the senders. Resolves with how often each status was answered. */
function flood(port: number, share: number): Promise<ReadonlyMap<string, number>> {
  const statuses = new Map<string, number>()
  let next = share
  let owed = 0
  let rest = ''
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true })
    const write = (): void => {
      let batch = ''
      for (owed = 0; owed < BATCH && next < ADDRESSES; owed++, next += CONNECTIONS) {
        batch += forged(sender(next))
      }
      if (owed > 0) socket.write(batch)
      else socket.end(() => resolve(statuses))
    }
    socket.setEncoding('latin1').on('data', (text: string) => {
      rest += text
      const heads = [...rest.matchAll(/HTTP\/1\.1 (\d{3}) /g)]
      if (heads.length < owed || !rest.endsWith('}\n')) return
      for (const [, status = ''] of heads) statuses.set(status, (statuses.get(status) ?? 0) + 1)
      rest = ''
      write()
    })
    socket.once('connect', write)
    socket.once('error', reject)
    socket.once('close', () => reject(new Error(`cut with ${owed} answers to come`)))
  })
}
