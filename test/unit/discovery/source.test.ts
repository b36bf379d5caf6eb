import { once } from 'node:events'
import { createServer } from 'node:net'
import t from 'tap'
import { FlowDatabase } from '../../../src/discovery/source.ts'

t.test('a database that is not there is a fault', async t => {
  const source = new FlowDatabase(() => 'postgres://hookwarden:secret@127.0.0.1:1/automatisch')
  const fault = await source.look().catch((error: unknown) => String(error))
  t.match(fault, /the database does not answer: .*ECONNREFUSED/)
  t.notMatch(fault, 'secret')
  const nobody = new FlowDatabase(() => {
    throw new Error('env:X is not set')
  })
  await t.rejects(nobody.look(), { message: 'the database does not answer: env:X is not set' })
})

t.test(
  'a database that says nothing is given up when it is closed, and leaves nothing open',
  async t => {
    const server = createServer().listen(0, '127.0.0.1')
    await once(server, 'listening')
    const address = server.address()
    const port = typeof address === 'object' ? address?.port : undefined
    const source = new FlowDatabase(() => `postgres://hookwarden:x@127.0.0.1:${port}/automatisch`)
    const accepted = once(server, 'connection')
    const looked = source.look().catch((error: unknown) => String(error))
    const [socket] = await accepted
    const gone = once(socket, 'close')
    socket.resume()
    source.close()
    t.match(await looked, /the database does not answer/)
    await gone
    server.close()
    await once(server, 'close')
  },
)

t.test('closed before it began to connect, it does not connect', async t => {
  const source = new FlowDatabase(() => 'postgres://hookwarden:x@127.0.0.1:1/automatisch')
  const looked = source.look().catch((error: unknown) => String(error))
  source.close()
  t.match(await looked, /not wanted any more/)
})
