import dns from 'node:dns'
import { createServer } from 'node:net'
import t, { type Test } from 'tap'
import { Upstream } from '../../src/forward/upstream.ts'
import { ManualClock } from '../support/manual-clock.ts'
import { startRecorder } from '../support/recorder.ts'

type Found = (error: undefined, addresses: { address: string; family: 4 | 6 }[]) => void

/** The upstream's name has these addresses. */
function named(t: Test, addresses: readonly string[]): void {
  const found = addresses.map(address => ({ address, family: 4 as const }))
  const real = dns.lookup
  t.teardown(() => Object.assign(dns, { lookup: real }))
  const lookup = (_: string, __: unknown, done: Found) => setImmediate(done, undefined, found)
  Object.assign(dns, { lookup })
}

/** What comes of one request to the upstream. */
async function ask(t: Test, port: number): Promise<string[]> {
  const url = `http://automatisch.test:${port}`
  const clock = new ManualClock()
  const upstream = new Upstream({ url, connect: 2_000, clock, changed: () => {} })
  t.teardown(() => upstream.close())
  const told: string[] = []
  const request = { method: 'POST', target: '/x', headers: [], body: [], length: 0 }
  await new Promise<void>(resolve => {
    upstream.send(request, {
      answerWritten: () => told.push('written'),
      answerStarted: ({ status }) => told.push(`status ${status}`),
      answerData() {},
      answerEnded: resolve,
      answerFailed({ kind, message }) {
        told.push(`${kind}: ${message}`)
        resolve()
      },
    })
  })
  return told
}

t.test('of several addresses of its name one that takes connections is used', async t => {
  const recorder = await startRecorder()
  t.teardown(() => recorder.close())
  named(t, ['127.0.0.2', '127.0.0.3', '127.0.0.1'])
  t.same(await ask(t, recorder.port), ['written', 'status 204'])
  t.match(
    recorder.requests[0]?.head.toString('latin1'),
    `host: automatisch.test:${recorder.port}\r\n`,
  )
})

t.test('where none takes them the operator is told of each', async t => {
  const free = createServer()
  await new Promise<void>(resolve => free.listen(0, '127.0.0.1', resolve))
  const address = free.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  await new Promise(resolve => free.close(resolve))
  named(t, ['127.0.0.2', '127.0.0.3'])
  // how is up to the system: on a busy machine Node goes on to the next before it has heard
  const each = ['127.0.0.2', '127.0.0.3'].map(one => `connect E\\w+ ${one}:${port}`)
  const [told, ...more] = await ask(t, port)
  t.match(told, new RegExp(`^connect: E\\w+: ${each.join(', ')}$`))
  t.same(more, [], 'once')
})
