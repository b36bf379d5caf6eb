import { createServer, type Socket } from 'node:net'
import t, { type Test } from 'tap'
import { startHookwarden } from '../support/hookwarden.ts'
import { exchange } from '../support/sender.ts'
import { ENV, GITHUB, genuine, PROVIDERS } from './stage.ts'

const LARGE = 7 * 1024 ** 2
const bodyOf = (letter: string): string => `{"a":"${letter.repeat(LARGE)}"}`

/** An upstream that answers each request at its head, and reads no further until told. */
async function startHasty(t: Test) {
  const received: Buffer[][] = []
  const sockets: Socket[] = []
  const server = createServer(socket => {
    const chunks: Buffer[] = []
    received.push(chunks)
    sockets.push(socket)
    socket.on('error', () => {})
    socket.on('data', (chunk: Buffer) => {
      chunks.push(chunk)
      if (chunks.length > 1) return
      socket.pause()
      socket.write('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n')
    })
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  const address = server.address()
  const ended = (socket: Socket): Promise<void> =>
    new Promise(resolve => void socket.once('close', () => resolve()))
  return {
    port: typeof address === 'object' ? (address?.port ?? 0) : 0,
    /** Bodies as far as each connection had them. */
    async bodies(): Promise<string[]> {
      const all = sockets.map(ended)
      for (const socket of sockets) socket.resume()
      await Promise.all(all)
      return received.map(chunks => {
        const text = Buffer.concat(chunks).toString('latin1')
        return text.slice(text.indexOf('\r\n\r\n') + 4)
      })
    },
  }
}

t.test('an answer before the body was taken never mixes two bodies', async t => {
  const upstream = await startHasty(t)
  const hookwarden = await startHookwarden({
    map: `limits: { buffered: 256MiB }\ndefaults: { limits: { body: 8MiB } }${PROVIDERS}`,
    env: ENV,
    upstream: upstream.port,
  })
  t.teardown(() => hookwarden.close())
  for (const letter of 'xyz') {
    const wall = Date.now()
    const answer = await exchange(
      hookwarden.port,
      genuine('github', GITHUB, bodyOf(letter), { wall }),
    )
    t.equal(answer?.status, 200)
  }
  const bodies = await upstream.bodies()
  t.equal(bodies.length, 3)
  for (const [i, letter] of [...'xyz'].entries()) {
    const got = bodies[i] ?? ''
    t.ok(got.length > 0)
    t.ok(bodyOf(letter).startsWith(got), `${got.length} bytes of ${letter} and of nothing else`)
  }
})
