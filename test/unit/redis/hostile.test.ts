import { Duplex } from 'node:stream'
import t, { type Test } from 'tap'
import { systemClock } from '../../../src/clock.ts'
import { type ConnectOptions, connectRedis } from '../../../src/redis/connect.ts'
import { guardSockets } from '../../../src/redis/guard.ts'
import type { Redis } from '../../../src/redis/port.ts'
import { developmentCertificate } from '../../support/certificate.ts'
import { NO_REDIS, startRedis } from '../../support/redis.ts'

/** Connections at once. */
const AT_ONCE = 8

/** Connects, and keeps what it told. */
async function open(
  port: number,
  options: Partial<ConnectOptions>,
): Promise<{ readonly redis: Redis; readonly told: string[] }> {
  const told: string[] = []
  const redis = await connectRedis({
    host: 'localhost',
    port,
    database: 1,
    user: undefined,
    password: undefined,
    tls: undefined,
    prefix: 'test:',
    scripts: [],
    clock: systemClock,
    told: { up: () => told.push('up'), down: () => told.push('down') },
    ...options,
  })
  return { redis, told }
}

async function startTls(t: Test): Promise<{ readonly port: number; readonly ca: string }> {
  const { cert: ca, certFile, keyFile } = await developmentCertificate()
  const files = ['--tls-cert-file', certFile, '--tls-key-file', keyFile]
  const listens = ['--port', '0', '--tls-port', 'PORT', '--tls-auth-clients', 'no']
  const redis = await startRedis(...files, ...listens)
  t.teardown(() => redis.close())
  return { port: redis.port, ca }
}

t.test('each error of a socket is heard, and the first ends it', async t => {
  const socket = new Duplex({ read() {}, write() {} })
  const connector = { connect: async () => socket as unknown }
  guardSockets({ connector } as unknown as Parameters<typeof guardSockets>[0])
  await connector.connect()
  socket.once('error', () => {}) // as the client does
  socket.emit('error', new Error('the certificate is not the right one'))
  t.ok(socket.destroyed)
  socket.emit('error', new Error('tlsv1 alert decode error'))
  t.pass('a second one is heard')
})

t.test(
  'who leaves while a certificate is looked at is told an alert',
  { skip: NO_REDIS },
  async t => {
    const { port } = await startTls(t)
    const leave = async (): Promise<void> => {
      for (let i = 0; i < 10; i++) {
        const { redis } = await open(port, { tls: { ca: undefined } })
        for (let turns = (i * 7) % 40; turns > 0; turns--) {
          await new Promise(resolve => setTimeout(resolve, 1))
        }
        await redis.close()
      }
    }
    await Promise.all(Array.from({ length: AT_ONCE }, leave))
    t.pass('and nothing ends of it')
  },
)

t.test('plain where TLS is spoken, and TLS where it is not', { skip: NO_REDIS }, async t => {
  const { port, ca } = await startTls(t)
  const plain = await startRedis()
  t.teardown(() => plain.close())
  for (const [to, tls] of [
    [port, undefined],
    [plain.port, { ca }],
  ] as const) {
    const all = await Promise.all(Array.from({ length: AT_ONCE }, () => open(to, { tls })))
    for (const { redis, told } of all) {
      while (told.length === 0) await new Promise(resolve => setTimeout(resolve, 5))
      t.notOk(redis.up)
      t.same(told, ['down'])
      await redis.close()
    }
  }
})
