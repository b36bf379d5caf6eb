import t, { type Test } from 'tap'
import { connect, connectPlain, exchange } from '../support/sender.ts'
import { GITHUB, genuine, PROVIDERS, stage } from './stage.ts'

// node:http and node:tls keep these by the clock on the wall: they stand side by side, and no more than a second long.

const MAP = (on: string) => `limits: { headers: 1s, idle: 1s }${on}`
/** How much earlier an end may be noticed than it was due, because both ends do not begin to count at once. */
const EARLY = 50
const SECOND = 1000
const HELLO = Buffer.from('1603010200010001fc0303', 'hex')

/** Whether something lasted about as long as it may. */
async function lasts(t: Test, what: string, ends: Promise<unknown>): Promise<void> {
  const since = performance.now()
  await ends
  const took = performance.now() - since
  t.ok(took >= SECOND - EARLY, `${what}: it was given its second: ${took}`)
}

t.test('whoever does not finish a handshake is cut off, and counted', async t => {
  const { hookwarden, port } = await stage(t, { map: MAP(PROVIDERS) })
  const [silent, slow] = await Promise.all([connectPlain(port), connectPlain(port)])
  void slow.write(HELLO)
  await Promise.all([
    lasts(t, 'nothing was said', silent.closed),
    lasts(t, 'half a word was said', slow.closed),
  ])
  t.equal(silent.socket.bytesRead + slow.socket.bytesRead, 0, 'neither is told anything')
  const metrics = await hookwarden.metrics()
  t.equal(metrics.get('hookwarden_tls_handshake_errors_total{reason="timeout"}'), 2)
  t.equal(metrics.get('hookwarden_connections'), 0)
})

t.test(
  'a connection that stays without a request is ended, and its last answer was whole',
  async t => {
    const { hookwarden, port, recorder, clock } = await stage(t, { map: MAP(PROVIDERS) })
    const connection = await connect(port)
    const answer = connection.readAnswer()
    await connection.send(genuine('github', GITHUB, '{"a":1}', { wall: clock.wall() }))
    t.equal((await answer).status, 204)
    await lasts(t, 'nothing came behind it', connection.closed)
    t.equal(connection.fault, undefined)
    t.equal(recorder.requests.length, 1)
    const metrics = await hookwarden.metrics()
    t.equal(metrics.get('hookwarden_connections'), 0)
    t.equal(metrics.get('hookwarden_requests_total{provider="none",outcome="rejected"}'), 0)
    const next = await exchange(port, genuine('github', GITHUB, '{"a":2}', { wall: clock.wall() }))
    t.equal(next?.status, 204, 'and the next one is served')
  },
)
