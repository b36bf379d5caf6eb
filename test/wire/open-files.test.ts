import { readFileSync } from 'node:fs'
import { createServer } from 'node:net'
import t from 'tap'
import { Arrivals } from '../../src/listen/arrivals.ts'
import { Connections } from '../../src/listen/connections.ts'
import { SoleAddress } from '../../src/listen/sole-address.ts'
import { ManualClock } from '../support/manual-clock.ts'
import { startProcess } from '../support/process.ts'
import { startRecorder } from '../support/recorder.ts'
import { type Connection, connect, connectPlain, exchange } from '../support/sender.ts'
import { GITHUB, genuine } from './stage.ts'

t.test(
  'with few open files a burst is refused and told, and the next delivery is served',
  async t => {
    const recorder = await startRecorder()
    t.teardown(() => recorder.close())
    const hookwarden = await startProcess(t, { files: 100, upstream: recorder.port })
    t.match(hookwarden.lines, [{ level: 'warn', wanted: 2000, connections: 1, files: 100 }])
    const burst = Array.from({ length: 400 }, () => connectPlain(hookwarden.port))
    const settled = await Promise.allSettled(burst)
    const opened = settled.flatMap(one => (one.status === 'fulfilled' ? [one.value] : []))
    const refused = async () => {
      const metrics = await hookwarden.metrics()
      const by = (reason: string) =>
        metrics.get(`hookwarden_connections_rejected_total{reason="${reason}"}`) ?? 0
      return by('connections') + by('open_files')
    }
    while ((await refused()) < 300) await new Promise(resolve => setTimeout(resolve, 20))
    for (const connection of opened) connection.destroy()
    let status: number | undefined
    while (status === undefined) {
      const answer = await exchange(
        hookwarden.port,
        genuine('github', GITHUB, '{"a":1}', { wall: Date.now() }),
      ).catch(() => undefined) // the burst is still leaving
      status = answer?.status
    }
    t.equal(status, 204)
    t.equal(hookwarden.child.exitCode, null)
  },
)

t.test('the last open files are not for connections', async t => {
  const reasons: string[] = []
  const connections = new Connections({
    connections: 10,
    connectionsPerAddress: 10,
    trusted: () => ({ has: () => false }),
  })
  const open = async (reserved: number) => {
    const server = createServer(socket => socket.end('served'))
    new Arrivals({
      clock: new ManualClock(),
      connections,
      proxyProtocol: false,
      deadline: 1000,
      reserved,
      sole: new SoleAddress(() => {}),
      trusted: () => ({ has: () => false }),
      refused: why => void reasons.push(why),
    }).guard(server)
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
    const { port } = server.address() as { port: number }
    const connection = await connectPlain(port)
    await connection.closed
    server.close()
    return connection.socket.bytesRead
  }
  t.equal(await open(1), 0)
  t.same(reasons, ['open_files'])
  t.equal(await open(Number.POSITIVE_INFINITY), 'served'.length)
  t.same(reasons, ['open_files'])
})

const MIB = 1024 ** 2

t.test('2,000 idle connections that made their handshake cost less than 70 KiB each', async t => {
  const hookwarden = await startProcess(t, { map: 'limits: { headers: 60s }' })
  const open: Connection[] = []
  const before = memory(hookwarden)
  for (let i = 0; i < 2_000; i += 50) {
    const some = Array.from({ length: 50 }, (_, j) =>
      connect(hookwarden.port, { localAddress: `127.0.1.${1 + ((i + j) % 10)}` }),
    )
    open.push(...(await Promise.all(some)))
  }
  const metrics = await hookwarden.metrics()
  t.equal(metrics.get('hookwarden_connections'), 2_000)
  const peak = memory(hookwarden)
  t.comment(`${Math.round(before / MIB)} MiB before, ${Math.round(peak / MIB)} MiB at the most`)
  t.ok(peak - before < 2_000 * 70 * 1024, `${Math.round((peak - before) / MIB)} MiB`)
  for (const connection of open) connection.destroy()
})

/** The most that it ever had in memory. */
function memory({ child }: { readonly child: { readonly pid?: number | undefined } }) {
  const status = readFileSync(`/proc/${child.pid}/status`, 'utf8')
  return Number(/^VmHWM:\s+(?<kib>\d+) kB$/m.exec(status)?.groups?.kib) * 1024
}
