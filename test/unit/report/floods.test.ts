import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import t from 'tap'
import { type Counted, Floods } from '../../../src/report/floods.ts'
import { Log } from '../../../src/report/log.ts'
import { Report } from '../../../src/report/report.ts'
import { ManualClock } from '../../support/manual-clock.ts'
import { delivery, label, metricsOf, refusal } from './subject.ts'

function watching() {
  const clock = new ManualClock()
  const told: Counted[] = []
  return { clock, told, floods: new Floods(clock, counted => told.push(counted)) }
}

t.test(
  'the first lines of a kind pass, the rest is counted and told when its time is over',
  async t => {
    const { clock, told, floods } = watching()
    const passed = () => floods.passes('github', 'signature_mismatch')
    t.same(Array.from({ length: 20 }, passed), Array(20).fill(true))
    t.equal(clock.waiting, 0, 'nothing waits while nothing is counted')
    clock.advance(4000)
    t.same(Array.from({ length: 500 }, passed), Array(500).fill(false))
    t.equal(floods.passes('github', 'timestamp_stale'), true, 'another kind has its own lines')
    t.same(told, [])
    clock.advance(5999)
    t.same(told, [])
    clock.advance(1)
    t.same(told, [{ provider: 'github', word: 'signature_mismatch', count: 500 }])
    t.equal(passed(), true, 'then the next has its line again')
    clock.advance(60_000)
    t.equal(told.length, 1)
    t.equal(clock.waiting, 0)
  },
)

t.test('whatever comes, few lines are written, and each request is written or counted', async t => {
  const steps = fc.array(
    fc.record({
      provider: fc.constantFrom('a', 'b', 'none'),
      word: fc.constantFrom('no_route', 'signature_mismatch', 'method'),
      times: fc.integer({ min: 1, max: 60 }),
      wait: fc.integer({ min: 0, max: 12_000 }),
    }),
    { maxLength: 30 },
  )
  fc.assert(
    fc.property(steps, all => {
      const { clock, told, floods } = watching()
      let sent = 0
      let written = 0
      const times: number[] = []
      for (const { provider, word, times: n, wait } of all) {
        for (let i = 0; i < n; i++) {
          sent++
          if (!floods.passes(provider, word)) continue
          written++
          times.push(clock.now())
        }
        clock.advance(wait)
      }
      floods.turn()
      const counted = told.reduce((sum, { count }) => sum + count, 0)
      const crowded = times.some(
        at => times.filter(one => one >= at && one < at + 10_000).length > 400,
      )
      return written + counted === sent && !crowded && clock.waiting === 0
    }),
  )
  t.pass('no counter-example')
})

/** Lines that a report wrote, and what it says at its end. */
async function reported(act: (report: Report, clock: ManualClock) => void) {
  const clock = new ManualClock()
  let text = ''
  const log = new Log({
    clock,
    put: (bytes, done) => {
      text += Buffer.from(bytes)
      done(undefined)
    },
  })
  const report = new Report(metricsOf([label('github')]), log, clock)
  act(report, clock)
  report.close()
  await log.flush()
  return text
    .trim()
    .split('\n')
    .map(line => JSON.parse(line) as Record<string, unknown>)
}

t.test(
  'an attack does not fill the disk, and hides nothing that has to be delivered again',
  async t => {
    const lost = refusal('upstream_error', { outcome: 'upstream_error', requestId: 'lost' })
    const limited = refusal('rate_provider', { secret: 'current', requestId: 'limited' })
    const lines = await reported(report => {
      for (let i = 0; i < 10_000; i++) {
        report.settled(refusal('signature_mismatch'))
        report.settled(delivery({ outcome: 'aborted', status: 0, secret: undefined }))
        report.reported('github', 'timestamp_stale')
        if (i % 100 === 0) {
          report.settled(lost)
          report.settled(limited)
          report.settled(delivery())
        }
      }
    })
    const of = (field: string, value: string) => lines.filter(line => line[field] === value).length
    t.equal(of('request_id', 'lost'), 100)
    t.equal(of('request_id', 'limited'), 100)
    t.equal(of('outcome', 'accepted'), 100)
    t.equal(lines.length, 300 + 3 * 21)
    const counts = lines.filter(line => 'count' in line)
    t.match(counts, [
      {
        provider: 'github',
        reason: 'signature_mismatch',
        page: 'docs/reasons/signature_mismatch.md',
        count: 9980,
      },
      { provider: 'github', outcome: 'aborted', count: 9980 },
      { provider: 'github', reason: 'timestamp_stale', mode: 'report', count: 9980 },
    ])
  },
)

t.test('the line of a refusal names its page', async t => {
  const [line] = await reported(report => report.settled(refusal('body_too_large')))
  t.match(line, { reason: 'body_too_large', page: 'docs/reasons/body_too_large.md' })
})

const PAGE = readFileSync('docs/logs.md', 'utf8')

t.test("docs/logs.md has every field of a request's line, in its order, and no other", async t => {
  const listed = [...PAGE.matchAll(/^\| `([a-z_]+)` \| [^|]+ \|$/gm)].map(([, field]) => field)
  const [line = {}] = await reported(report =>
    report.settled(refusal('upstream_error', { upstream: 3, detail: 'ECONNRESET' })),
  )
  t.same(listed, Object.keys(line))
})
