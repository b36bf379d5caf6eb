import { openSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { setImmediate as nextTurn } from 'node:timers/promises'
import t from 'tap'
import { developmentCertificate } from '../support/certificate.ts'
import { runProcess, startProcess } from '../support/process.ts'
import { startRecorder } from '../support/recorder.ts'
import { connect, exchange, post } from '../support/sender.ts'
import { GITHUB, genuine } from './stage.ts'

const deliver = (id: number) => genuine('github', GITHUB, `{"id":${id}}`)
const BUG = '?bug'
/** Makes every request whose target ends so hit a bug, thrown or as a promise that nobody waits for. */
const planted = (what: string) =>
  [
    'src/exchange/exchange.ts',
    '  begin(): void {\n',
    `  begin(): void {\n    if (this.#head.target.endsWith('${BUG}')) ${what}\n`,
  ] as const
const bug = () => post({ target: `${GITHUB}${BUG}`, body: '{}' })

async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await holds())) await nextTurn()
}

t.test('a bug of ours: what is in flight is finished, and it exits 70', async t => {
  const recorder = await startRecorder({ hold: true })
  t.teardown(() => recorder.close())
  const hookwarden = await startProcess(t, {
    upstream: recorder.port,
    plant: planted("{ void Promise.reject(new Error('planted')) }"),
  })
  const { port, lines } = hookwarden
  const waiting = await connect(port)
  const answer = exchange(port, deliver(1))
  await recorder.complete(1)
  const hit = await connect(port)
  await hit.send(bug())
  await until(() => lines.some(({ msg }) => String(msg).startsWith('a bug in hookwarden')))
  t.equal(await waiting.closed, undefined, 'nobody is let in any more')
  recorder.releaseAll()
  t.equal((await answer)?.status, 204)
  t.same(await hookwarden.exited, { code: 70, signal: null })
  t.match(
    lines.find(({ level }) => level === 'error'),
    { msg: /^a bug in hookwarden/, stack: /Error: planted\n +at .*exchange\.ts/ },
  )
  t.match(
    lines.find(({ outcome }) => outcome === 'accepted'),
    { status: 204 },
    'its line is not lost',
  )
  t.equal(recorder.requests.length, 1)
})

t.test('a bug of ours is not waited out for longer than a second', async t => {
  const recorder = await startRecorder({ hold: true })
  t.teardown(() => recorder.close())
  const hookwarden = await startProcess(t, {
    upstream: recorder.port,
    plant: planted("throw new Error('planted')"),
  })
  const answer = exchange(hookwarden.port, deliver(1))
  await recorder.complete(1)
  void exchange(hookwarden.port, bug())
  t.same(await hookwarden.exited, { code: 70, signal: null })
  t.equal(await answer, undefined, 'its sender is told nothing that may be wrong')
  t.match(
    hookwarden.lines.find(({ cut }) => cut !== undefined),
    { level: 'error', cut: 1 },
  )
})

t.test('a second bug ends it at once, and is told as well', async t => {
  const recorder = await startRecorder({ hold: true })
  t.teardown(() => recorder.close())
  const hookwarden = await startProcess(t, {
    upstream: recorder.port,
    plant: planted("throw new Error('planted')"),
  })
  void exchange(hookwarden.port, deliver(1))
  await recorder.complete(1)
  const half = await connect(hookwarden.port)
  const [bytes = new Uint8Array()] = bug()
  await half.write(bytes.subarray(0, 60)) // not idle, so that it outlives the first one
  void exchange(hookwarden.port, bug())
  await until(() => hookwarden.lines.some(({ level }) => level === 'error'))
  await half.write(bytes.subarray(60))
  t.same(await hookwarden.exited, { code: 70, signal: null })
  t.match(hookwarden.stderr(), /^a bug in hookwarden: Error: planted/)
})

t.test('what cannot be served does not start, and says what to do', async t => {
  const taken = createServer()
  await new Promise<void>(resolve => taken.listen(0, '127.0.0.1', resolve))
  t.teardown(() => taken.close())
  const address = taken.address()
  const port = typeof address === 'object' ? (address?.port ?? 0) : 0
  const { certFile } = await developmentCertificate()
  const folder = t.testdir({})
  const otherKey = join(folder, 'other.key')
  writeFileSync(otherKey, 'no key')
  const cases: readonly [string, Parameters<typeof runProcess>[1], RegExp][] = [
    [
      'a lenient parser by NODE_OPTIONS',
      { env: { NODE_OPTIONS: '--insecure-http-parser' } },
      /--insecure-http-parser in NODE_OPTIONS .*: take it out and start again\n$/,
    ],
    ['a port in use', { https: port }, /cannot listen on 127\.0\.0\.1:\d+: the port is in use\n$/],
    [
      'a key that is none',
      { tls: `[{ cert: ${certFile}, key: ${otherKey} }]` },
      /the certificate and its key cannot be used: /,
    ],
    [
      'a clock that nobody has set',
      { plant: ['src/clock.ts', 'wall: () => Date.now()', 'wall: () => 0'] },
      /the clock says 1970-01-01T00:00:00\.000Z: .* set it \(NTP\) and start again\n$/,
    ],
  ]
  const ends = await Promise.all(cases.map(([, options]) => runProcess(t, options)))
  for (const [i, [name, , says]] of cases.entries()) {
    const { code, stderr } = ends[i] ?? {}
    t.equal(code, 2, name)
    t.match(stderr, says, name)
    t.match(stderr, /^hookwarden run: .*\n$/, `${name}: one line`)
  }
})

t.test('a bug while it starts exits 70', async t => {
  const { code, stderr } = await runProcess(t, {
    plant: [
      'src/process/serve.ts',
      'const { limits } = settings',
      'const { limits } = undefined as never',
    ],
  })
  t.equal(code, 70)
  t.match(stderr, /^hookwarden run: a bug in hookwarden: TypeError/)
})

for (const [name, stdout] of [
  ['a full disk', '/dev/full'],
  ['a pipe that nobody reads any more', undefined],
] as const) {
  t.test(`a log that goes to ${name} stops nothing and is counted`, async t => {
    const recorder = await startRecorder()
    t.teardown(() => recorder.close())
    const hookwarden = await startProcess(t, {
      upstream: recorder.port,
      map: 'drain: { settle: 0s, within: 5s }',
      ...(stdout !== undefined && { stdout: openSync(stdout, 'w') }),
    })
    hookwarden.child.stdout?.destroy()
    const lost = async () =>
      (await hookwarden.metrics()).get('hookwarden_log_lines_dropped_total') ?? 0
    for (let id = 0; id < 3; id++) {
      t.equal((await exchange(hookwarden.port, deliver(id)))?.status, 204)
      const before = await lost()
      t.equal((await exchange(hookwarden.port, deliver(id)))?.status, 200, 'a repetition')
      await until(async () => (await lost()) > before)
    }
    t.ok((await lost()) >= 3)
    hookwarden.child.kill('SIGTERM')
    t.same(await hookwarden.exited, { code: 0, signal: null }, 'it ends as ever')
    t.equal(hookwarden.stderr(), '')
    t.equal(recorder.requests.length, 3)
  })
}

t.test('a drain waits for a sender that dawdles over its answer', async t => {
  const body = Buffer.alloc(8 * 1024 ** 2, 'answer ')
  const recorder = await startRecorder({
    reaction: { write: [`HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n`, body] },
  })
  t.teardown(() => recorder.close())
  const hookwarden = await startProcess(t, {
    upstream: recorder.port,
    map: 'drain: { settle: 0s, within: 30s }',
  })
  const slow = await connect(hookwarden.port)
  slow.socket.pause()
  await slow.send(deliver(1))
  await recorder.complete(1)
  hookwarden.child.kill('SIGTERM')
  await until(() => hookwarden.lines.some(({ msg }) => String(msg).startsWith('draining')))
  t.equal(await new Promise(resolve => setImmediate(resolve, hookwarden.child.exitCode)), null)
  const answer = slow.readAnswer()
  slow.socket.resume()
  t.equal((await answer).body.length, body.length, 'it got all of it')
  t.same(await hookwarden.exited, { code: 0, signal: null })
  t.match(hookwarden.lines.at(-1), { msg: /^drained/ })
})
