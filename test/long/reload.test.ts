import { createHmac } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import t from 'tap'
import type { Generation } from '../../src/generation/compile.ts'
import { type Hookwarden, startHookwarden } from '../support/hookwarden.ts'
import { type Connection, connect, exchange, type Pieces, post } from '../support/sender.ts'

/** The whole of it takes 60; in the suite it is made shorter, and as dense. */
const SECONDS = Number(process.env.RELOAD_SECONDS ?? 20)
const RELOADS = 100
const PER_SECOND = 500
const CONNECTIONS = 25
/** What the tight provider may have, however often its limit is read again. */
const TIGHT = 40
/** What 100 generations may leave behind, all together. */
const LEFT = 8 * 1024 ** 2

setFlagsFromString('--expose-gc')
const gc = runInNewContext('gc') as () => void

const flow = (n: number) => `0b6f0c1e-6b1f-4c57-9a53-4b0c7e1a2d${String(n).padStart(2, '0')}`
const STEADY = 'the secret that stays the same'
const secretOf = (version: number) => `the secret of version ${String(version).padStart(8, '0')}`

/** What is served: which secret the turning provider has, and whether there is a guest. */
interface Version {
  readonly secret: number
  readonly guest: boolean
}

function mapOf(upstream: number, folder: string, { guest }: Version, more = ''): string {
  const entry = (name: string, n: number, secret: string, keys = '') =>
    `  ${name}: { preset: github, secret: 'file:${folder}/${secret}', path: /in/${name}, to: 'flow:${flow(n)}'${keys} }\n`
  return `version: 1
upstream: http://127.0.0.1:${upstream}
listen: { https: 127.0.0.1:8443, admin: 127.0.0.1:9090 }
limits: { verified: 1000/1s }
defaults: { replay: off, limits: { per_provider: 60000/1m, per_address: 100000/1m } }
providers:
${entry('steady', 1, 'steady')}${entry('turning', 2, 'turning')}${entry('once', 3, 'steady', ', replay: 10m')}${entry('tight', 4, 'steady', `, limits: { per_provider: ${TIGHT}/24h, patience: 0s }`)}${guest ? entry('guest', 5, 'steady') : ''}${more}`
}

let made = 0
function signed(name: string, secret: string, body = `{"n":${++made}}`): Pieces {
  const mac = createHmac('sha256', secret).update(body).digest('hex')
  const headers = [
    ['Content-Type', 'application/json'],
    ['X-Hub-Signature-256', `sha256=${mac}`],
  ] as const
  return post({ target: `/in/${name}`, headers, body })
}

/** The same in two pieces: the body is sent when the head has been read. */
function awaiting(name: string, secret: string): Pieces {
  const body = `{"n":${++made}}`
  const mac = createHmac('sha256', secret).update(body).digest('hex')
  const headers = [
    ['Content-Type', 'application/json'],
    ['Expect', '100-continue'],
    ['X-Hub-Signature-256', `sha256=${mac}`],
  ] as const
  return post({ target: `/in/${name}`, headers, body, cut: [body.length] })
}

/** One connection that is kept, and what it sends. */
async function sendOn(connection: Connection, pieces: Pieces): Promise<number> {
  const answer = connection.readAnswer()
  await connection.send(pieces)
  return (await answer).status
}

const heap = (hookwarden: Hookwarden): number => {
  hookwarden.lines.length = 0
  gc()
  gc()
  return process.memoryUsage().heapUsed
}

t.test(
  `${RELOADS} reloads in ${SECONDS} s under ${PER_SECOND} deliveries a second cost nobody a delivery`,
  { timeout: (SECONDS + 240) * 1000 },
  async t => {
    let arrived = 0
    const upstream = createServer((req, res) => {
      arrived++
      req.resume()
      res.writeHead(204).end()
    })
    await new Promise<void>(resolve => upstream.listen(0, '127.0.0.1', resolve))
    const { port } = upstream.address() as AddressInfo
    const folder = t.testdir({ steady: STEADY, turning: secretOf(0) })
    const file = join(folder, 'map.yaml')
    let now: Version = { secret: 0, guest: false }
    writeFileSync(file, mapOf(port, folder, now))
    const hookwarden = await startHookwarden({ file, upstream: port })
    const { service } = hookwarden
    const { generations } = service
    t.teardown(async () => {
      await hookwarden.close()
      upstream.closeAllConnections()
      upstream.close()
    })
    const connections = await Promise.all(
      Array.from({ length: CONNECTIONS }, () => connect(hookwarden.port)),
    )
    const aside = await connect(hookwarden.port)
    t.teardown(() => {
      for (const one of [...connections, aside]) one.destroy()
    })

    // ---- the load: deliveries of the steady provider, at their times whatever becomes of them
    const statuses = new Map<number, number>()
    let running = true
    let sent = 0
    const begun = performance.now()
    const lanes = connections.map(async (connection, lane) => {
      for (let i = 0; running; i++) {
        const due = begun + ((i * CONNECTIONS + lane) * 1000) / PER_SECOND
        await sleep(Math.max(0, due - performance.now()))
        sent++
        const status = await sendOn(connection, signed('steady', STEADY))
        statuses.set(status, (statuses.get(status) ?? 0) + 1)
      }
    })

    // ---- the reloads
    const first = signed('once', STEADY, '{"sent":"once"}')
    t.equal(await sendOn(aside, first), 204)
    const retired: WeakRef<Generation>[] = []
    let slowest = 0
    let served = 0
    let tight = 0
    let base = 0

    /** Writes another map, and reads it. */
    const reload = (next: Version, map: string): boolean => {
      retired.push(new WeakRef(generations.current))
      writeFileSync(file, map)
      const before = performance.now()
      service.reload()
      slowest = Math.max(slowest, performance.now() - before)
      const taken = service.config().refused === undefined
      if (taken) {
        now = next
        served++
      }
      return taken
    }

    for (let i = 0; i < RELOADS; i++) {
      await sleep(Math.max(0, begun + ((i + 1) * SECONDS * 1000) / RELOADS - performance.now()))
      const kind = i % 5
      if (kind === 0) {
        t.notOk(reload(now, mapOf(port, folder, now, '  x: { preset: nobody }\n')), 'a broken map')
      } else if (kind === 1) {
        // the head arrives before the swap, the rest after it
        const early = await connect(hookwarden.port)
        const [head = new Uint8Array(), ...rest] = awaiting('turning', secretOf(now.secret))
        const told = early.readInterim()
        await early.write(head)
        t.equal(await told, 100)
        const next = { ...now, secret: now.secret + 1 }
        const old = secretOf(now.secret)
        writeFileSync(join(folder, 'turning'), secretOf(next.secret))
        t.ok(reload(next, mapOf(port, folder, next)), 'another secret')
        const late = await connect(hookwarden.port)
        const [under, after, by] = await Promise.all([
          sendOn(early, rest),
          sendOn(aside, signed('turning', old)),
          sendOn(late, signed('turning', secretOf(next.secret))),
        ])
        t.equal(under, 204, 'a request ends under the map it began with')
        t.equal(after, 401, 'the old secret proves nothing any more')
        t.equal(by, 204, 'the new one does')
        early.destroy()
        late.destroy()
      } else if (kind === 2) {
        const next = { ...now, guest: true }
        t.ok(reload(next, mapOf(port, folder, next)), 'a provider more')
        t.equal(await sendOn(aside, signed('guest', STEADY)), 204)
      } else if (kind === 3) {
        const next = { ...now, guest: false }
        t.ok(reload(next, mapOf(port, folder, next)), 'one less')
        t.equal(await sendOn(aside, signed('guest', STEADY)), 404)
      } else {
        writeFileSync(join(folder, 'turning'), 'short')
        t.notOk(reload(now, mapOf(port, folder, now)), 'a secret that is half written')
        t.equal(await sendOn(aside, signed('turning', secretOf(now.secret))), 204)
        writeFileSync(join(folder, 'turning'), secretOf(now.secret))
      }
      t.equal(await sendOn(aside, first), 200, 'replay memory has it')
      if ((await sendOn(aside, signed('tight', STEADY))) === 204) tight++
      if (i === 9) base = heap(hookwarden)
    }
    const took = (performance.now() - begun) / 1000
    running = false
    await Promise.all(lanes)

    t.same([...statuses.keys()], [204], 'no delivery was refused')
    t.equal(statuses.get(204), sent)
    t.ok(arrived >= sent)
    t.equal(tight, TIGHT, 'what a limit has granted stays spent')
    t.equal(service.config().generation, 1 + served)
    const rate = Math.round(sent / took)
    t.ok(rate >= 0.9 * PER_SECOND, `${rate} deliveries a second`)

    // ---- what is left of it
    t.equal((await exchange(hookwarden.port, signed('steady', STEADY)))?.status, 204)
    await sleep(500) // timers of what is over
    const end = heap(hookwarden)
    const alive = retired.filter(one => {
      const generation = one.deref()
      return generation !== undefined && generation !== generations.current
    })
    t.ok(alive.length <= 1, `${alive.length} of ${retired.length} old generations are still held`)
    t.ok(end - base < LEFT, `the heap grew by ${Math.round((end - base) / 1024)} KiB`)
    t.comment(
      `${sent} deliveries, ${rate}/s; ${served} of ${RELOADS} reloads served in ${took.toFixed(1)} s, the slowest in ${slowest.toFixed(1)} ms; heap ${Math.round((end - base) / 1024)} KiB`,
    )
  },
)
