import { Duplex } from 'node:stream'
import t from 'tap'
import { guardSockets } from '../../../src/redis/guard.ts'

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
