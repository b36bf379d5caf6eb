import { createHash } from 'node:crypto'
import { connect as connectTcp } from 'node:net'
import t from 'tap'
import { SECRETS, SIGNERS } from '../signers/signers.ts'
import { startAutomatisch, startAutomatischChild } from '../support/automatisch.ts'
import { startHookwarden } from '../support/hookwarden.ts'
import { ManualClock } from '../support/manual-clock.ts'
import { exchange, type Pieces, post } from '../support/sender.ts'
import { ENV, FLOW, GITHUB, genuine, PROVIDERS, stage, wordOf } from './stage.ts'

const BODY = '{"a":1}'

/** A delivery that github signed, of a type and shape that it would not send. */
function signed(body: string, headers: readonly (readonly [string, string])[]): Pieces {
  const proof = SIGNERS.github?.(Buffer.from(body), SECRETS.github ?? '', 0) ?? []
  return post({ target: GITHUB, headers: [...headers, ...proof], body })
}

/** Writes to a plain port, and gives what came back until it closed. */
function straight(port: number, bytes: Pieces): Promise<string> {
  return new Promise(resolve => {
    let got = ''
    const socket = connectTcp(port, '127.0.0.1', () => socket.write(Buffer.concat(bytes)))
    socket.setEncoding('latin1').on('data', text => {
      got += text
      socket.end()
    })
    socket.on('error', () => resolve(got))
    socket.on('close', () => resolve(got))
  })
}

t.test('the multipart request that ends Automatisch does not get there', async t => {
  const body =
    '--x\r\nContent-Disposition: form-data; name="f"; filename=""\r\n' +
    'Content-Type: application/octet-stream\r\n\r\nabc\r\n--'
  t.equal(body.length, 109)
  const bytes = signed(body, [['Content-Type', 'multipart/form-data; boundary=x']])
  const automatisch = await startAutomatischChild()
  const hookwarden = await startHookwarden({
    map: PROVIDERS,
    env: ENV,
    upstream: automatisch.port,
    clock: new ManualClock(),
  })
  t.teardown(async () => {
    await hookwarden.close()
    await automatisch.close()
  })
  const refusal = await exchange(hookwarden.port, bytes)
  t.equal(refusal?.status, 415, 'although it is signed')
  t.equal(wordOf(refusal), 'content_type')
  t.equal((await exchange(hookwarden.port, genuine('github', GITHUB, BODY)))?.status, 204)
  t.equal((await automatisch.seen()).length, 1, 'it lives, and saw the next delivery alone')
  t.equal(automatisch.child.exitCode, null)

  t.equal(await straight(automatisch.port, bytes), '', 'sent straight there it is not answered')
  t.match(await automatisch.exited, { code: 1 }, 'and ends the process')
})

const UNDASHED = FLOW.replaceAll('-', '')

/** Other spellings of a flow's URL, and whether Automatisch runs the flow for them. */
const ALIASES: readonly (readonly [target: string, runs: boolean])[] = [
  [`${GITHUB}/sync`, true],
  [`${GITHUB}/sync?a=1`, true],
  [`${GITHUB}/SYNC`, true],
  [`${GITHUB}/`, true],
  [`/webhooks/flows/${FLOW.toUpperCase()}`, true],
  [`/WEBHOOKS/flows/${FLOW}`, true],
  [`/webhooks/Flows/${FLOW}`, true],
  [`/webhooks//flows/${FLOW}`, true],
  [`/webhooks/flows//${FLOW}`, false],
  [`//webhooks/flows/${FLOW}`, false],
  [`/webhooks/flows/%30${FLOW.slice(1)}`, true],
  [`/webhooks/flows/${FLOW.replaceAll('-', '%2d')}`, true],
  [`/webhooks/%66lows/${FLOW}`, false],
  [`/webhooks/flows/${UNDASHED}`, true],
  [`/webhooks/flows/{${FLOW}}`, false],
  [`/webhooks/flows/%7B${FLOW}%7D`, false],
  [`/webhooks/${FLOW}`, true],
  [`/webhooks/${FLOW}/`, true],
  [`/webhooks/${FLOW}/sync`, false],
  [`/webhooks/${UNDASHED}`, true],
  [`/webhooks/flows/${FLOW};x=1`, false],
  [`/webhooks/./flows/${FLOW}`, false],
  [`/x/../webhooks/flows/${FLOW}`, false],
  [`/in/github`, false],
  ['/', false],
]

t.test('no other spelling of a flow URL leads to the flow', async t => {
  const automatisch = await startAutomatisch()
  t.teardown(() => automatisch.close())
  const { port, recorder, counted } = await stage(t)
  for (const [target, runs] of ALIASES) {
    const before = automatisch.deliveries.length
    const bytes = genuine('github', GITHUB, BODY, { target })
    await straight(automatisch.port, bytes)
    if (runs) t.equal(automatisch.deliveries.length, before + 1, `${target} runs the flow itself`)
    const moved = await counted(async () => {
      const answer = await exchange(port, bytes)
      t.equal(answer?.status, 404, `${target} is refused`)
      t.equal(wordOf(answer), 'not_found')
    })
    t.same(moved, {
      'hookwarden_requests_total{provider="none",outcome="rejected"}': 1,
      'hookwarden_rejections_total{provider="none",reason="no_route",mode="enforce"}': 1,
    })
  }
  const absolute = genuine('github', GITHUB, BODY, { target: `http://localhost${GITHUB}` })
  t.equal((await exchange(port, absolute))?.status, 400)
  t.equal(recorder.connections.total, 0, 'the upstream heard of none of them')
  t.equal((await exchange(port, genuine('github', GITHUB, BODY)))?.status, 204)
  t.same(
    recorder.requests.map(request => request.target),
    [GITHUB],
  )
})

/** What Automatisch makes of a content type. */
const TYPES: readonly (readonly [
  value: string | undefined,
  fate: 'lost' | 'refused' | 'parsed',
])[] = [
  ['application/xml', 'lost'],
  ['text/xml', 'lost'],
  ['text/html', 'lost'],
  ['application/octet-stream', 'lost'],
  ['application/vnd.api+json', 'lost'],
  ['application/cloudevents+json', 'lost'],
  ['application/vnd.surveymonkey.response.v1+json', 'lost'],
  ['text/json', 'lost'],
  [undefined, 'lost'],
  ['', 'lost'],
  ['application/json;', 'lost'],
  ['application/json ;', 'lost'],
  ['application/json, text/plain', 'lost'],
  ['application/json; boundary=x; foo', 'lost'],
  ['application/json; charset', 'lost'],
  ['"application/json"', 'lost'],
  ['application/json; charset=iso-8859-1', 'refused'],
  ['application/json; charset=utf8', 'refused'],
  ['application/json; charset=us-ascii', 'refused'],
  ['application/json; charset=bogus', 'refused'],
  ['application/x-www-form-urlencoded; charset=iso-8859-1', 'refused'],
  ['multipart/mixed; boundary=x', 'refused'],
  ['multipart/form-data', 'refused'],
  ['application/json', 'parsed'],
  ['APPLICATION/JSON', 'parsed'],
  ['application/json; charset=utf-8', 'parsed'],
  ['application/json ; charset=utf-8', 'parsed'],
  ['application/json; charset="utf-8"', 'parsed'],
  ['application/x-www-form-urlencoded', 'parsed'],
  ['text/plain; charset=UTF-8', 'parsed'],
]

t.test('a body that Automatisch would lose is refused, and what it parses arrives', async t => {
  const automatisch = await startAutomatisch()
  const hookwarden = await startHookwarden({
    map: `defaults: { replay: off }${PROVIDERS}`,
    env: ENV,
    upstream: automatisch.port,
    clock: new ManualClock(),
  })
  t.teardown(async () => {
    await hookwarden.close()
    await automatisch.close()
  })
  const sha256 = createHash('sha256').update(BODY).digest('hex')
  for (const [value, fate] of TYPES) {
    const name = `${value ?? 'no type'} is ${fate}`
    const bytes = signed(BODY, value === undefined ? [] : [['Content-Type', value]])
    const before = automatisch.deliveries.length
    await straight(automatisch.port, bytes)
    const came = automatisch.deliveries.slice(before).map(delivery => delivery.sha256)
    t.same(came, { lost: [undefined], refused: [], parsed: [sha256] }[fate], name)

    const answer = await exchange(hookwarden.port, bytes)
    t.equal(answer?.status, fate === 'parsed' ? 204 : 415, `${name}, through Hookwarden`)
    const passed = automatisch.deliveries.slice(before + came.length)
    t.same(
      passed.map(delivery => delivery.sha256),
      fate === 'parsed' ? [sha256] : [],
    )
  }

  const before = automatisch.deliveries.length
  const json = ['Content-Type', 'application/json'] as const
  for (const coding of ['gzip', 'deflate', 'br', 'zstd', 'x-gzip', 'gzip, deflate', 'GZIP', '']) {
    const bytes = signed(BODY, [json, ['Content-Encoding', coding]])
    const answer = await exchange(hookwarden.port, bytes)
    t.equal(answer?.status, 415, `coded as "${coding}"`)
    t.equal(wordOf(answer), 'content_encoding')
  }
  const twice = signed(BODY, [json, ['Content-Type', 'text/plain']])
  t.equal((await exchange(hookwarden.port, twice))?.status, 415, 'of two types none is sure')
  t.equal(automatisch.deliveries.length, before)
})
