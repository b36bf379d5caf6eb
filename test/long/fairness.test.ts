import t from 'tap'
import { type Connection, connect, exchange } from '../support/sender.ts'
import { GITHUB, genuine, PROVIDERS, type Stage, stage } from '../wire/stage.ts'

const ADDRESSES = 10
const EACH = 100
const KIB = 1024
const ROUNDS = 14
/** Two of the ten, which are others' too, and one that sends nothing else. */
const GENUINE = ['127.0.1.1', '127.0.1.7', '127.0.2.1']

/** What node:http times by the clock on the wall does not end them, however slow the machine is. */
const PATIENT = `defaults: { limits: { deadline: 5m } }
limits: { headers: 60s }
${PROVIDERS}`

t.setTimeout(240_000)

t.test('a thousand trickled uploads with false claims refuse no genuine delivery', async t => {
  const on = await stage(t, { map: PATIENT })
  const uploads = await open(on.port)
  t.teardown(() => {
    for (const upload of uploads) upload.destroy()
  })
  t.equal((await on.hookwarden.metrics()).get('hookwarden_in_flight_requests'), EACH * ADDRESSES)
  let most = 0
  let sent = 0
  const statuses: (number | undefined)[] = []
  for (let round = 0; round < ROUNDS; round++) {
    // at first as much as there is room for, then whatever keeps them alive
    const piece = Buffer.alloc(round < 2 ? 30 * KIB : 2 * KIB, 'x')
    await Promise.all(uploads.map(upload => upload.write(piece)))
    await heard(on)
    most = Math.max(most, (await on.hookwarden.metrics()).get('hookwarden_buffered_bytes') ?? 0)
    for (const localAddress of GENUINE) {
      const body = `{"id":${sent++},"padding":"${'x'.repeat(20 * KIB)}"}`
      const delivery = genuine('github', GITHUB, body, { wall: on.clock.wall() })
      statuses.push((await exchange(on.port, delivery, { localAddress }))?.status)
    }
    on.clock.advance(600)
  }
  t.same([...new Set(statuses)], [204], `all ${sent} genuine deliveries were taken`)
  t.equal(on.recorder.requests.length, sent, 'and nothing else')
  t.ok(most > 45 * KIB * KIB, `${Math.round(most / KIB / KIB)} MiB were held at the most`)
  t.ok(most <= 64 * KIB * KIB, 'which is never more than there is')
  const metrics = await on.hookwarden.metrics()
  const ended = metrics.get(MEMORY) ?? 0
  t.ok(ended > 0, `${ended} uploads had to make room`)
})

const MEMORY = 'hookwarden_rejections_total{provider="github",reason="memory",mode="enforce"}'

async function open(port: number): Promise<Connection[]> {
  const uploads: Connection[] = []
  const head = falseClaim(KIB * KIB)
  for (let i = 0; i < EACH; i += 10) {
    const some = Array.from({ length: 10 * ADDRESSES }, (_, j) =>
      connect(port, { localAddress: `127.0.1.${1 + (j % ADDRESSES)}` }),
    )
    const opened = await Promise.all(some)
    await Promise.all(opened.map(upload => upload.write(head)))
    uploads.push(...opened)
  }
  return uploads
}

/** A head that promises a body, and whose signature is well formed. */
function falseClaim(length: number): string {
  const head = Buffer.concat(genuine('github', GITHUB, '{}')).toString('latin1')
  return head
    .replace(/sha256=[0-9a-f]{64}/, `sha256=${'0f'.repeat(32)}`)
    .replace(/Content-Length: 2\r\n\r\n.*$/s, `Content-Length: ${length}\r\n\r\n`)
}

/** What was written on loopback has been read: what is held does not grow any more. */
async function heard(on: Stage): Promise<void> {
  let before = -1
  for (let calm = 0; calm < 3; ) {
    const held = (await on.hookwarden.metrics()).get('hookwarden_buffered_bytes') ?? 0
    calm = held === before ? calm + 1 : 0
    before = held
  }
}
