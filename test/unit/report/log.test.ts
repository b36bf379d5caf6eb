import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { openSync } from 'node:fs'
import fc from 'fast-check'
import t from 'tap'
import { Log } from '../../../src/report/log.ts'
import { Report } from '../../../src/report/report.ts'
import { type Put, Sink } from '../../../src/report/sink.ts'
import { anyCharacter } from '../../support/any-character.ts'
import { ManualClock } from '../../support/manual-clock.ts'
import { moved, parseMetrics } from '../../support/metrics.ts'
import { delivery, label, metricsOf, refusal } from './subject.ts'

/** A log whose output is kept. */
async function logged(write: (log: Log, clock: ManualClock) => void): Promise<string> {
  const clock = new ManualClock({ wall: Date.UTC(2026, 0, 2, 3, 4, 5, 6) })
  let text = ''
  const log = new Log({
    clock,
    put: (more, done) => {
      text += Buffer.from(more)
      done(undefined)
    },
  })
  write(log, clock)
  await log.flush()
  return text
}

t.test('a request is one line of JSON with just these fields', async t => {
  const accepted = await logged(log => log.settled(delivery({ duration: 41.26, upstream: 20.04 })))
  t.equal(accepted.split('\n').length, 2, 'one line, and its end')
  t.strictSame(JSON.parse(accepted), {
    level: 'info',
    time: '2026-01-02T03:04:05.006Z',
    request_id: 'b7a8a3a0-3a1e-4b0f-9d1c-1f2e3d4c5b6a',
    provider: 'github',
    outcome: 'accepted',
    status: 204,
    method: 'POST',
    route: '/webhooks/flows/0b6f0c1e-6b1f-4c57-9a53-4b0c7e1a2d11',
    bytes: 2048,
    duration_ms: 41.3,
    upstream_ms: 20,
    address: '203.0.113.7',
  })
  const failed = await logged(log =>
    log.settled(
      refusal('upstream_error', { outcome: 'upstream_error', status: 502, detail: 'ECONNREFUSED' }),
    ),
  )
  t.match(JSON.parse(failed), { level: 'error', reason: 'upstream_error', detail: 'ECONNREFUSED' })
  t.match(JSON.parse(await logged(log => log.settled(refusal('memory')))), { level: 'warn' })
})

t.test('whatever its words are made of, a line stays one line and can be read', async t => {
  const word = fc.string({ unit: anyCharacter, maxLength: 40 })
  await fc.assert(
    fc.asyncProperty(word, word, word, word, async (method, provider, route, detail) => {
      const text = await logged(log => log.settled(delivery({ method, provider, route, detail })))
      const [line = '', ...rest] = text.split('\n')
      const read = JSON.parse(line)
      return (
        rest.length === 1 &&
        read.method === method.slice(0, 16) &&
        read.provider === provider &&
        read.route === route &&
        read.detail === detail
      )
    }),
    { numRuns: 200 },
  )
  t.pass('no counter-example')
})

t.test('an operator is told sentences with fields', async t => {
  const text = await logged((log, clock) => {
    log.info('listening', { port: 8443 })
    clock.advance(1)
    log.warn('a secret ends soon', { provider: 'github' })
    log.error('cannot read the map')
  })
  const lines = text
    .trim()
    .split('\n')
    .map(line => JSON.parse(line))
  t.strictSame(lines, [
    { level: 'info', time: '2026-01-02T03:04:05.006Z', port: 8443, msg: 'listening' },
    {
      level: 'warn',
      time: '2026-01-02T03:04:05.007Z',
      provider: 'github',
      msg: 'a secret ends soon',
    },
    { level: 'error', time: '2026-01-02T03:04:05.007Z', msg: 'cannot read the map' },
  ])
})

t.test('a report counts and logs what it is told', async t => {
  const metrics = metricsOf([label('github', { mode: 'report' })])
  const before = parseMetrics(await metrics.text())
  const text = await logged(log => {
    const report = new Report(metrics, log, new ManualClock())
    report.reported('github', 'signature_missing')
    report.settled(delivery({ secret: undefined }))
  })
  const changes = moved(
    before,
    parseMetrics(await metrics.text()),
    /^hookwarden_(requests|rejections)_/,
  )
  t.same(Object.fromEntries(changes), {
    'hookwarden_rejections_total{provider="github",reason="signature_missing",mode="report"}': 1,
    'hookwarden_requests_total{provider="github",outcome="accepted"}': 1,
  })
  const lines = text
    .trim()
    .split('\n')
    .map(line => JSON.parse(line))
  t.match(lines[0], { provider: 'github', reason: 'signature_missing', mode: 'report' })
  t.match(lines[1], { outcome: 'accepted' })
})

/** An output that answers when it is told to. */
function slowOutput() {
  const writes: { text: string; done: (error?: Error) => void }[] = []
  const put: Put = (bytes, done) => void writes.push({ text: `${Buffer.from(bytes)}`, done })
  return { put, writes, last: () => writes.at(-1) }
}

t.test('lines go out together: at 64 KiB, or after 100 ms', async t => {
  const clock = new ManualClock()
  const { put, writes, last } = slowOutput()
  const sink = new Sink(put, clock)
  sink.write('a\n')
  sink.write('b\n')
  clock.advance(99)
  t.equal(writes.length, 0)
  clock.advance(1)
  t.equal(last()?.text, 'a\nb\n')
  sink.write('c\n')
  clock.advance(1_000)
  t.equal(writes.length, 1, 'one write at a time')
  last()?.done()
  clock.advance(100)
  t.equal(last()?.text, 'c\n', 'what came meanwhile follows by itself')
  last()?.done()
  sink.write(`${'x'.repeat(64 * 1024 - 1)}\n`)
  t.equal(writes.length, 3, 'at once')
  t.equal(sink.dropped, 0)
})

t.test(
  'an output that takes nothing costs lines, counted, and a bounded piece of memory',
  async t => {
    const clock = new ManualClock()
    const { put, writes, last } = slowOutput()
    const sink = new Sink(put, clock)
    const line = `${'x'.repeat(1_023)}\n`
    for (let i = 0; i < 3_000; i++) sink.write(line)
    t.equal(writes.length, 1)
    t.equal(sink.dropped, 3_000 - 64 - 8 * 127, '64 are on their way, 8 blocks of 128 KiB wait')
    for (let block = 0; block < 8; block++) {
      last()?.done()
      t.equal(last()?.text, line.repeat(127), 'whole lines, in their order')
    }
    last()?.done()
    sink.write(line)
    clock.advance(100)
    t.equal(last()?.text, line, 'and goes on when it can')
  },
)

t.test('a failed write is counted and the next line starts on its own', async t => {
  const clock = new ManualClock()
  const { put, last } = slowOutput()
  const sink = new Sink(put, clock)
  const write = (text: string) => {
    sink.write(text)
    clock.advance(100)
  }
  write('{"a":1}\n')
  last()?.done(new Error('ENOSPC'))
  t.equal(sink.dropped, 1)
  write('{"b":1}\n')
  t.equal(last()?.text, '\n{"b":1}\n')
  last()?.done()
  write('{"c":1}\n')
  t.equal(last()?.text, '{"c":1}\n')
})

t.test('a flush waits for what is under way and what waits, and a second at most', async t => {
  const clock = new ManualClock()
  const { put, writes, last } = slowOutput()
  const sink = new Sink(put, clock)
  let flushed = 0
  const flush = () => sink.flush().then(() => void flushed++)
  const turn = () => new Promise(resolve => setImmediate(resolve))
  await flush()
  t.equal(flushed, 1, 'nothing to wait for')
  sink.write('a\n')
  clock.advance(100)
  sink.write('b\n')
  void flush()
  await turn()
  last()?.done()
  await turn()
  t.same([writes.length, last()?.text, flushed], [2, 'b\n', 1], 'the rest goes at once')
  last()?.done()
  await turn()
  t.equal(flushed, 2)
  sink.write('c\n')
  void flush()
  clock.advance(999)
  await turn()
  t.equal(flushed, 2)
  clock.advance(1)
  await turn()
  t.equal(flushed, 3, 'nobody waits for ever')
})

/** Logs 12 KB for each of its argument, then says on stderr how it went. */
const PROGRAM = `
  import { Log } from './src/report/log.ts'
  import { systemClock } from './src/clock.ts'
  const log = new Log({ clock: systemClock })
  for (let i = 0; i < Number(process.argv[1]); i++) {
    for (let j = 0; j < 50; j++) log.info('x'.repeat(200))
    await new Promise(resolve => setImmediate(resolve))
  }
  await log.flush()
  process.stderr.write('dropped ' + log.dropped)
  process.exit(0)
`

t.test('a standard output in trouble neither stops nor crashes the process', async t => {
  const run = async (
    stdout: 'pipe' | number,
    trouble: (child: ReturnType<typeof spawn>) => void,
    rounds = 200,
  ) => {
    const child = spawn(process.execPath, ['--input-type=module', '--eval', PROGRAM, `${rounds}`], {
      stdio: ['ignore', stdout, 'pipe'],
    })
    trouble(child)
    let said = ''
    child.stderr?.on('data', chunk => {
      said += chunk
    })
    const [code] = await once(child, 'exit')
    return { code, dropped: Number(/dropped (\d+)/.exec(said)?.[1]) }
  }
  const [full, closed, stuck, read] = await Promise.all([
    run(openSync('/dev/full', 'w'), () => {}),
    run('pipe', child => child.stdout?.destroy()),
    run('pipe', child => child.stdout?.pause()),
    run('pipe', child => child.stdout?.resume(), 20),
  ])
  t.same(full, { code: 0, dropped: 10_000 }, 'the disk is full: all is lost')
  t.same(closed, { code: 0, dropped: 10_000 }, 'nobody is there: all is lost')
  t.equal(stuck.code, 0, 'a reader that does not read')
  t.ok(stuck.dropped > 0)
  t.same(read, { code: 0, dropped: 0 }, 'and with a reader nothing is')
})
