import { spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { type AddressInfo, connect, createServer } from 'node:net'
import tls from 'node:tls'
import fc from 'fast-check'
import t from 'tap'
import { OUTCOMES, REASONS, type RejectReason } from '../../../src/reasons.ts'
import { HANDSHAKE_FAILURES } from '../../../src/report/handshake.ts'
import type { Metrics } from '../../../src/report/metrics.ts'
import type { Settled } from '../../../src/report/settled.ts'
import { developmentCertificate } from '../../support/certificate.ts'
import { ManualClock } from '../../support/manual-clock.ts'
import { moved, parseMetrics, type Series } from '../../support/metrics.ts'
import { delivery, label, metricsOf, refusal, STILL } from './subject.ts'

const PROVIDERS = [
  label('github'),
  label('stripe-live', { preset: 'stripe', mode: 'report', timed: true }),
  label('acme', { preset: undefined, signed: 'token', secretExpiry: 1_800_000_000_000 }),
]
/** Of Debian's package `prometheus`. */
const LINTER = 'promtool'
const REASON_NAMES = Object.keys(REASONS) as RejectReason[]

/** What is Hookwarden's own: Node's numbers move by themselves. */
async function own(metrics: Metrics): Promise<Series> {
  const all = parseMetrics(await metrics.text())
  return new Map([...all].filter(([name]) => name.startsWith('hookwarden_')))
}

/** Which series of `metric` move, and by how much, when `act` happens. */
async function moves(metric: string, act: (metrics: Metrics) => void) {
  const metrics = metricsOf(PROVIDERS)
  const before = await own(metrics)
  act(metrics)
  const name = `hookwarden_${metric}`
  const changes = moved(before, await own(metrics), new RegExp(`^${name}(?![a-z_])`))
  return Object.fromEntries([...changes].map(([series, by]) => [series.slice(name.length), by]))
}

t.test('a request moves exactly one outcome', async t => {
  for (const outcome of OUTCOMES) {
    t.same(await moves('requests_total', m => m.settled(delivery({ outcome }))), {
      [`{provider="github",outcome="${outcome}"}`]: 1,
    })
  }
  const settled = fc.record({
    provider: fc.constantFrom('github', 'stripe-live', 'none', 'nobody', '__proto__'),
    outcome: fc.constantFrom(...OUTCOMES),
    reason: fc.option(fc.constantFrom(...REASON_NAMES), { nil: undefined }),
    status: fc.integer({ min: 0, max: 999 }),
    from: fc.constantFrom('upstream' as const, 'hookwarden' as const),
    secret: fc.constantFrom('current' as const, 'previous' as const, undefined),
    upstream: fc.constantFrom(undefined, 3),
  })
  await fc.assert(
    fc.asyncProperty(fc.array(settled, { maxLength: 20 }), async ends => {
      const metrics = metricsOf(PROVIDERS)
      for (const end of ends) metrics.settled(delivery(end))
      const series = await own(metrics)
      const sum = (name: string) =>
        [...series]
          .filter(([key]) => key.startsWith(name))
          .reduce((all, [, value]) => all + value, 0)
      return (
        sum('hookwarden_requests_total{') === ends.length &&
        sum('hookwarden_request_duration_seconds_count{') === ends.length &&
        sum('hookwarden_rejections_total{') === ends.filter(end => end.reason).length &&
        sum('hookwarden_verified_total{') <= ends.filter(end => end.secret).length &&
        sum('hookwarden_responses_total{') === ends.filter(end => end.status > 0).length
      )
    }),
    { numRuns: 25 },
  )
})

t.test('a reason moves exactly one series, in the mode that it was found in', async t => {
  for (const reason of REASON_NAMES) {
    t.same(await moves('rejections_total', m => m.settled(refusal(reason))), {
      [`{provider="github",reason="${reason}",mode="enforce"}`]: 1,
    })
  }
  t.same(await moves('rejections_total', m => m.reported('stripe-live', 'timestamp_stale')), {
    '{provider="stripe-live",reason="timestamp_stale",mode="report"}': 1,
  })
  t.same(await moves('rejections_total', m => m.settled(delivery())), {})
  const failed = delivery({ outcome: 'upstream_error', reason: 'upstream_timeout', status: 504 })
  t.same(await moves('rejections_total', m => m.settled(failed)), {
    '{provider="github",reason="upstream_timeout",mode="enforce"}': 1,
  })
})

t.test('only what was proven counts as verified', async t => {
  const proven = (secret: Settled['secret']) =>
    moves('verified_total', m => m.settled(delivery({ secret })))
  t.same(await proven('current'), { '{provider="github",secret="current"}': 1 })
  t.same(await proven('previous'), { '{provider="github",secret="previous"}': 1 })
  t.same(await proven(undefined), {})
})

t.test('a name that the map does not have is counted as none', async t => {
  for (const provider of ['none', '', 'github"} 1\nevil', 'constructor', '__proto__']) {
    t.same(await moves('requests_total', m => m.settled(delivery({ provider }))), {
      '{provider="none",outcome="accepted"}': 1,
    })
  }
})

t.test('answers are counted by exact status where the list has it, by class otherwise', async t => {
  const answered = (from: Settled['from'], status: number) =>
    moves('responses_total', m => m.settled(delivery({ from, status })))
  const one = (code: string, from: string) => ({
    [`{provider="github",code="${code}",from="${from}"}`]: 1,
  })
  t.same(await answered('upstream', 204), one('204', 'upstream'))
  t.same(await answered('upstream', 418), one('4xx', 'upstream'))
  t.same(await answered('upstream', 599), one('5xx', 'upstream'))
  t.same(await answered('upstream', 799), one('none', 'upstream'))
  t.same(await answered('hookwarden', 401), one('401', 'hookwarden'))
  t.same(await answered('hookwarden', 0), {}, 'the sender left before an answer')
})

t.test(
  'durations are split into the shares of the sender, the upstream and Hookwarden',
  async t => {
    const end = delivery({
      duration: 1040,
      receiving: 500,
      paced: 500,
      upstream: 38,
      secret: 'current',
    })
    const metrics = metricsOf(PROVIDERS)
    metrics.settled(end)
    const series = await own(metrics)
    const near = (name: string, value: number) =>
      t.ok(Math.abs((series.get(name) ?? -1) - value) < 1e-9, name)
    near('hookwarden_request_duration_seconds_sum{provider="github"}', 1.04)
    near('hookwarden_upstream_duration_seconds_sum{provider="github"}', 0.038)
    near('hookwarden_paced_seconds_sum{provider="github"}', 0.5)
    near('hookwarden_overhead_seconds_sum', 0.002)
    near('hookwarden_request_body_bytes_sum{provider="github"}', 2048)
  },
)

t.test('buckets are cumulative, and a bound belongs to its own bucket', async t => {
  const metrics = metricsOf(PROVIDERS)
  for (const skew of [-301_000, -300_000, -1, 60_000, 60_001, 301_000]) {
    metrics.settled(delivery({ provider: 'stripe-live', skew }))
  }
  const series = await own(metrics)
  const bucket = (le: string) =>
    series.get(`hookwarden_timestamp_skew_seconds_bucket{provider="stripe-live",le="${le}"}`)
  t.same(
    ['-300', '-60', '-10', '-2', '2', '10', '60', '300', '+Inf'].map(bucket),
    [2, 2, 2, 2, 3, 3, 4, 5, 6],
  )
  t.equal(series.get('hookwarden_timestamp_skew_seconds_count{provider="stripe-live"}'), 6)
})

t.test('waiting is counted for what was proven and handed over, 0 included', async t => {
  const waits = (end: Settled) => moves('paced_seconds_count', m => m.settled(end))
  t.same(await waits(delivery()), { '{provider="github"}': 1 })
  t.same(await waits(delivery({ secret: undefined })), {})
  t.same(await waits(delivery({ outcome: 'duplicate' })), {})
  t.same(await waits(refusal('rate_provider', { secret: 'current' })), {})
})

t.test('what the upstream made of it, and whether it is up', async t => {
  const result = (end: Settled) => moves('upstream_requests_total', m => m.settled(end))
  const failed = { outcome: 'upstream_error', from: 'hookwarden' } as const
  t.same(await result(delivery()), { '{result="answered"}': 1 })
  t.same(await result(delivery({ outcome: 'upstream_error', status: 500 })), {
    '{result="answered"}': 1,
  })
  t.same(await result(delivery({ ...failed, reason: 'upstream_error' })), { '{result="error"}': 1 })
  t.same(await result(delivery({ ...failed, reason: 'upstream_timeout' })), {
    '{result="timeout"}': 1,
  })
  t.same(await result(delivery({ outcome: 'aborted', status: 0 })), { '{result="aborted"}': 1 })
  t.same(await result(refusal('signature_mismatch')), {})
})

t.test('the upstream is up until its circuit is open', async t => {
  let level: 0 | 1 | 2 = 0
  const metrics = metricsOf(PROVIDERS, { gauges: { ...STILL, circuit: () => level } })
  for (const [now, up] of [
    [0, 1],
    [1, 1],
    [2, 0],
  ] as const) {
    level = now
    const all = await own(metrics)
    t.equal(all.get('hookwarden_upstream_up'), up)
    t.equal(all.get('hookwarden_circuit_state'), now)
  }
})

t.test('when a provider was last accepted and last rejected', async t => {
  const clock = new ManualClock({ wall: 1_700_000_000_500 })
  const metrics = metricsOf(PROVIDERS, { clock })
  const last = async (what: string) =>
    (await own(metrics)).get(`hookwarden_last_${what}_timestamp_seconds{provider="github"}`)
  t.equal(await last('accepted'), 0)
  t.equal(await last('rejected'), 0)
  metrics.settled(delivery())
  clock.advance(2_000)
  metrics.settled(refusal('signature_mismatch'))
  clock.advance(2_000)
  metrics.settled(delivery({ outcome: 'duplicate' }))
  metrics.settled(delivery({ outcome: 'aborted' }))
  t.equal(await last('accepted'), 1_700_000_000.5)
  t.equal(await last('rejected'), 1_700_000_002.5)
})

t.test(
  'a handshake that fails is named for its cause, in the words of the OpenSSL in use',
  async t => {
    const { cert, key } = await developmentCertificate()
    const server = tls.createServer({ cert, key, minVersion: 'TLSv1.2' })
    await once(server.listen(0, '127.0.0.1'), 'listening')
    const { port } = server.address() as AddressInfo
    t.teardown(() => server.close())
    const plain = (text: string) => () => {
      connect(port, '127.0.0.1')
        .on('error', () => {})
        .write(text)
    }
    const encrypted = (options: tls.ConnectionOptions) => () => {
      tls
        .connect({ port, host: '127.0.0.1', rejectUnauthorized: false, ...options })
        .on('error', () => {})
    }
    /** A sender that answers the server's hello with an alert. */
    const alerting = (alert: number) => () => {
      const relay = createServer(sender => {
        relay.close()
        const line = connect(port, '127.0.0.1').on('error', () => {})
        sender.on('error', () => {}).once('data', hello => line.write(hello))
        line.once('data', () => line.write(Uint8Array.of(0x15, 3, 3, 0, 2, 2, alert)))
        line.on('close', () => sender.destroy())
      })
      relay.listen(0, '127.0.0.1', () => {
        const at = (relay.address() as AddressInfo).port
        tls.connect({ port: at, host: '127.0.0.1', maxVersion: 'TLSv1.2' }).on('error', () => {})
      })
    }
    const cases: readonly [string, () => void][] = [
      ['plaintext', plain('GET / HTTP/1.1\r\n\r\n')],
      ['plaintext', plain('no TLS and no HTTP either')],
      [
        'left',
        () =>
          void connect(port, '127.0.0.1')
            .on('error', () => {})
            .end(),
      ],
      [
        'version',
        encrypted({ minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' }),
      ],
      ['cipher', encrypted({ maxVersion: 'TLSv1.2', ciphers: 'AES128-SHA' })],
      ['cipher', alerting(40)],
      ['certificate', alerting(42)],
      ['certificate', alerting(45)],
      ['certificate', alerting(46)],
      ['certificate', alerting(48)],
      ['version', alerting(70)],
      ['other', alerting(80)],
    ]
    for (const [reason, act] of cases) {
      act()
      const [error, socket] = await once(server, 'tlsClientError')
      socket.destroy()
      t.same(await handshake(error.code), { [`{reason="${reason}"}`]: 1 }, error.code)
    }
    const impatient = tls.createServer({ cert, key, handshakeTimeout: 20 })
    await once(impatient.listen(0, '127.0.0.1'), 'listening')
    t.teardown(() => impatient.close())
    const silent = connect((impatient.address() as AddressInfo).port, '127.0.0.1')
    t.teardown(() => silent.destroy())
    const [late] = await once(impatient, 'tlsClientError')
    t.same(await handshake(late.code), { '{reason="timeout"}': 1 }, late.code)
    for (const code of [undefined, '', 'toString', 'ERR_SSL_NEVER_HEARD_OF']) {
      t.same(await handshake(code), { '{reason="other"}': 1 }, String(code))
    }
  },
)

const handshake = (code: string | undefined) =>
  moves('tls_handshake_errors_total', m => m.handshakeFailed(code))

t.test('a connection that is refused is counted by the cap that refused it', async t => {
  t.same(await moves('connections_rejected_total', m => m.connectionRejected('connections')), {
    '{reason="connections"}': 1,
  })
})

t.test('what others keep is read at each scrape', async t => {
  let buffered = 10
  const series = await (async () => {
    const metrics = metricsOf(PROVIDERS, {
      gauges: {
        ...STILL,
        buffered: () => buffered,
        overloaded: () => true,
        clockSuspect: () => true,
        limiterKeys: scope => ({ address: 3, proven: 2 })[scope],
        ready: provider => provider !== 'acme',
        certificates: () => [{ name: 'hooks.example.com', notAfter: 1_800_000_000_000 }],
      },
    })
    await metrics.text()
    buffered = 20
    return own(metrics)
  })()
  t.match(Object.fromEntries(series), {
    hookwarden_buffered_bytes: 20,
    hookwarden_overloaded: 1,
    hookwarden_clock_suspect: 1,
    'hookwarden_rate_limiter_keys{scope="address"}': 3,
    'hookwarden_rate_limiter_keys{scope="proven"}': 2,
    'hookwarden_provider_ready{provider="github"}': 1,
    'hookwarden_provider_ready{provider="acme"}': 0,
    'hookwarden_tls_certificate_not_after_timestamp_seconds{name="hooks.example.com"}': 1_800_000_000,
    'hookwarden_secret_expiry_timestamp_seconds{provider="acme"}': 1_800_000_000,
    'hookwarden_provider_info{provider="acme",preset="none",mode="enforce",signed="token"}': 1,
    'hookwarden_build_info{version="0.1.0",node="v26.10.0"}': 1,
  })
  t.notOk(series.has('hookwarden_secret_expiry_timestamp_seconds{provider="github"}'))
})

t.test('what can occur exists from the start, at 0', async t => {
  const series = await own(metricsOf(PROVIDERS))
  const zero = (name: string, labels: string) =>
    t.equal(series.get(`hookwarden_${name}{${labels}}`), 0, labels)
  for (const provider of ['github', 'stripe-live', 'none']) {
    for (const outcome of OUTCOMES)
      zero('requests_total', `provider="${provider}",outcome="${outcome}"`)
  }
  zero('rejections_total', 'provider="github",reason="signature_mismatch",mode="enforce"')
  zero('rejections_total', 'provider="stripe-live",reason="signature_mismatch",mode="report"')
  zero('rejections_total', 'provider="stripe-live",reason="body_too_large",mode="enforce"')
  zero('rejections_total', 'provider="none",reason="no_route",mode="enforce"')
  zero('verified_total', 'provider="github",secret="previous"')
  for (const reason of HANDSHAKE_FAILURES) zero('tls_handshake_errors_total', `reason="${reason}"`)
  const reported = [...series.keys()].filter(name => name.includes('mode="report"'))
  t.ok(
    reported.every(name => name.includes('stripe-live')),
    'report only where it is configured',
  )
})

t.test('20 providers stay under 4,000 series, whatever happens to them', async t => {
  const providers = Array.from({ length: 20 }, (_, index) =>
    label(`provider-${index}`, { mode: 'report', timed: true, secretExpiry: 1_800_000_000_000 }),
  )
  const metrics = metricsOf(providers)
  for (const provider of [...providers.map(({ name }) => name), 'none']) {
    for (const reason of REASON_NAMES) {
      metrics.settled(refusal(reason, { provider }))
      if (REASONS[reason].reportable) metrics.reported(provider, reason) // no other can be
    }
    for (let i = 0; i < 50; i++) metrics.explained(provider, [`finding-${i}`])
    for (let status = 100; status < 1000; status++) {
      metrics.settled(delivery({ provider, status, skew: 1 }))
      metrics.settled(delivery({ provider, status, from: 'hookwarden' }))
    }
  }
  const all = parseMetrics(await metrics.text())
  t.ok(all.size < 4_000, `${all.size} series`)
})

t.test("Prometheus' own linter has nothing to say", async t => {
  const metrics = metricsOf(PROVIDERS)
  metrics.settled(delivery())
  const text = await metrics.text()
  t.match(metrics.contentType, /^text\/plain; version=0\.0\.4/)
  const types = [...text.matchAll(/^# TYPE (\S+) (\S+)$/gm)].map(([, name = '', type]) => ({
    name,
    type,
  }))
  for (const { name, type } of types) {
    t.equal(name.endsWith('_total'), type === 'counter', `${name} is a ${type}`)
    t.ok(text.includes(`# HELP ${name} `), `${name} says what it is`)
  }
  const promtool = spawnSync(LINTER, ['check', 'metrics'], { input: text, encoding: 'utf8' })
  // not on every machine; where the whole project is checked, it has to be
  if (promtool.error !== undefined)
    return t.notOk(process.env.HOOKWARDEN_CI, 'promtool is not installed')
  t.same(
    { status: promtool.status, said: promtool.stdout + promtool.stderr },
    { status: 0, said: '' },
  )
})
