import { createSign } from 'node:crypto'
import { setImmediate as nextTurn } from 'node:timers/promises'
import t, { type Test } from 'tap'
import type { Got } from '../../src/errands/get.ts'
import { connect, exchange, post } from '../support/sender.ts'
import { rsaCertificate } from '../unit/errands/certificates.ts'
import { FLOW, type StageOptions, stage, wordOf } from './stage.ts'

const TOPIC = 'arn:aws:sns:eu-central-1:123456789012:hooks'
const HOST = 'https://sns.eu-central-1.amazonaws.com'
const CERT = `${HOST}/SimpleNotificationService-f3ecfb7224c7233fe7bb5f59f96de52f.pem`
const TOKEN = '2336412f37fb687f5d51e6e2425929f52bc9aa'
const SUBSCRIBE = `${HOST}/?Action=ConfirmSubscription&TopicArn=${TOPIC}&Token=${TOKEN}`

const amazon = await rsaCertificate()
const stranger = await rsaCertificate()

const entry = (more = '') =>
  `cert_url: fetch, topic_arn: '${TOPIC}', path: /in/sns, to: flow:${FLOW}${more}`
const mapOf = (more = '') => `providers:\n  aws-sns: { ${entry(more)} }\n`

/** The certificate in the map itself. */
const KEPT = `cert_url: '${CERT}', public_key: ${JSON.stringify(amazon.cert)}`

const LISTS: Readonly<Record<string, readonly string[]>> = {
  Notification: ['Message', 'MessageId', 'Subject', 'Timestamp', 'TopicArn', 'Type'],
  SubscriptionConfirmation: [
    ...['Message', 'MessageId', 'SubscribeURL', 'Timestamp', 'Token', 'TopicArn', 'Type'],
  ],
}

/** A message as Amazon's page has it, signed over the list that its page gives. */
function message(fields: Record<string, string> = {}, key = amazon.key): string {
  const all: Record<string, string> = {
    Type: 'Notification',
    MessageId: '22b80b92-fdea-4c2c-8f9d-bdfb0c7bf324',
    TopicArn: TOPIC,
    Message: 'hello',
    Timestamp: '2026-01-02T03:04:05.678Z',
    SignatureVersion: '2',
    SigningCertURL: CERT,
    ...fields,
  }
  const text = (LISTS[all.Type ?? ''] ?? [])
    .flatMap(name => (all[name] === undefined ? [] : [`${name}\n${all[name]}\n`]))
    .join('')
  all.Signature = createSign('sha256').update(text).sign(key, 'base64')
  return JSON.stringify(all)
}

const confirmation = (fields: Record<string, string> = {}) =>
  message({
    Type: 'SubscriptionConfirmation',
    Token: TOKEN,
    SubscribeURL: SUBSCRIBE,
    ...fields,
  })

const sent = (body: string) =>
  post({ target: '/in/sns', headers: [['Content-Type', 'text/plain; charset=UTF-8']], body })

/** A stage between Amazon, which answers as `hosts` says, and the upstream. */
async function sns(
  t: Test,
  hosts: (url: string) => Promise<Got>,
  options: Partial<StageOptions> = {},
) {
  const asked: string[] = []
  const on = await stage(t, {
    map: mapOf(),
    get: url => {
      asked.push(url)
      return hosts(url)
    },
    ...options,
  })
  const send = async (body: string) => {
    const answer = await exchange(on.port, sent(body))
    return [answer?.status, answer?.text() === '' ? undefined : wordOf(answer)]
  }
  return { on, asked, send }
}

const got = (status: number, body = ''): Promise<Got> =>
  Promise.resolve({ status, body: Buffer.from(body) })
const serves = () => got(200, amazon.cert)
const ACCEPTED = [204, undefined]
const UNPROVEN = [401, 'signature']
const BUSY = [503, 'busy']
const outcome = (word: string) => `hookwarden_requests_total{provider="aws-sns",outcome="${word}"}`

t.test('a message waits for its certificate, the next one finds it', async t => {
  let answer: (cert: Got) => void = () => {}
  const { on, asked, send } = await sns(
    t,
    () =>
      new Promise(resolve => {
        answer = resolve
      }),
  )
  const waiting = send(message())
  await on.until(() => asked.length === 1)
  t.equal(on.recorder.requests.length, 0, 'nothing is forwarded before the verdict')
  answer({ status: 200, body: Buffer.from(amazon.cert) })
  t.same(await waiting, ACCEPTED)
  t.same(await send(message({ Message: 'again' })), ACCEPTED)
  t.same(await send(message({ Message: 'with a subject', Subject: 'a' })), ACCEPTED)
  t.same(asked, [CERT])
  t.equal(on.recorder.requests.length, 3)
  const { body } = await on.hookwarden.admin('/readyz')
  t.match(JSON.parse(body), { ready: true, providers: { 'aws-sns': 'ready' } })
})

t.test('what is signed by another, or changed, is refused as ever', async t => {
  const { on, send } = await sns(t, serves)
  t.same(await send(message({}, stranger.key)), UNPROVEN)
  t.same(await send(message().replace('hello', 'hellp')), UNPROVEN)
  t.same(await send(message().replace('"Signature":"', '"Signature":"AAAA')), UNPROVEN)
  t.same(await send(message({ Type: 'Other' })), UNPROVEN)
  t.same(await send('{"TopicArn":'), [400, 'malformed'])
  t.same(await send('{}'), UNPROVEN)
  t.same(await send(''), [400, 'malformed'])
  t.equal(on.recorder.requests.length, 0)
})

t.test('nobody is asked for a certificate that is not of the host of the topic', async t => {
  const { on, asked, send } = await sns(t, serves)
  const elsewhere = [
    'https://evil.example/a.pem',
    `${HOST}.evil.example/a.pem`,
    `${HOST}@evil.example/a.pem`,
    'https://sns.us-east-1.amazonaws.com/a.pem',
    `${CERT}?x`,
    CERT.replace('https', 'http'),
    `${HOST}:444/a.pem`,
  ]
  for (const url of elsewhere) t.same(await send(message({ SigningCertURL: url })), UNPROVEN, url)
  const topic = 'arn:aws:sns:eu-central-1:123456789012:other'
  t.same(await send(message({ TopicArn: topic })), UNPROVEN, 'nor for another topic')
  t.same(await send(message().replace('{', `{"SigningCertURL":"${CERT}",`)), UNPROVEN, 'twice')
  t.same(asked, [])
  t.equal(on.recorder.requests.length, 0)
})

t.test('a certificate that Amazon does not have proves nothing', async t => {
  const { asked, send } = await sns(t, () => got(404))
  t.same(await send(message()), UNPROVEN)
  t.same(await send(message()), UNPROVEN)
  t.equal(asked.length, 1, 'which is remembered')
})

t.test('a certificate that cannot be had is our fault, in report mode too', async t => {
  const failures: readonly (() => Promise<Got>)[] = [
    () => got(500),
    () => got(200, 'no certificate'),
    () => got(302),
    () => Promise.reject(new Error('ECONNREFUSED')),
  ]
  for (const failure of failures) {
    for (const mode of ['enforce', 'report']) {
      const { on, send } = await sns(t, failure, { map: mapOf(`, mode: ${mode}`) })
      t.same(await send(message()), BUSY)
      t.equal(on.recorder.requests.length, 0)
      on.clock.advance(1000)
      await on.until(() => on.hookwarden.lines.some(({ url }) => url === CERT))
    }
  }
})

t.test('who is over the limit of its address makes nobody be asked', async t => {
  const { asked, send } = await sns(t, () => got(404), {
    map: mapOf(', limits: { per_address: 1/1m }'),
  })
  t.same(await send(message()), UNPROVEN)
  const other = { SigningCertURL: `${HOST}/other.pem` }
  t.same(await send(message(other)), [429, 'rate'])
  t.same(asked, [CERT])
})

t.test('a genuine message passes although its address is over the limit', async t => {
  const { send } = await sns(t, serves, { map: mapOf(', limits: { per_address: 2/1m }') })
  t.same(await send(message()), ACCEPTED)
  for (let i = 0; i < 3; i++) await send(message({}, stranger.key))
  t.same(await send(message({ Message: 'b' })), ACCEPTED)
})

t.test('a subscription is confirmed once its message proved to be signed', async t => {
  const { on, asked, send } = await sns(t, url => (url === CERT ? serves() : got(200)), {
    map: mapOf(', handshake: on'),
  })
  t.same(await send(confirmation().replace(TOKEN, TOKEN.replace('2', '3'))), UNPROVEN)
  t.same(asked, [CERT], 'a forged one makes nobody be called')
  const moves = await on.counted(async () => {
    const answer = await exchange(on.port, sent(confirmation()))
    t.equal(answer?.status, 200)
    t.equal(answer?.text(), '')
  })
  t.same(moves, { [outcome('challenge')]: 1 })
  const topic = encodeURIComponent(TOPIC)
  t.same(asked.slice(1), [`${HOST}/?Action=ConfirmSubscription&TopicArn=${topic}&Token=${TOKEN}`])
  t.equal(on.recorder.requests.length, 0)
  t.same(await send(message()), ACCEPTED, 'what follows is forwarded')
  on.clock.advance(1000)
  await on.until(() => on.hookwarden.lines.some(({ outcome }) => outcome === 'accepted'))
  t.notMatch(JSON.stringify(on.hookwarden.lines), TOKEN)
})

t.test('a signed confirmation that leads elsewhere is not followed', async t => {
  const { asked, send } = await sns(t, serves, { map: mapOf(', handshake: on') })
  const elsewhere = [
    SUBSCRIBE.replace('amazonaws.com', 'amazonaws.com.evil.example'),
    SUBSCRIBE.replace('ConfirmSubscription', 'Publish'),
    SUBSCRIBE.replace(':hooks', ':other'),
    SUBSCRIBE.replace('https', 'http'),
    '',
  ]
  for (const url of elsewhere)
    t.same(await send(confirmation({ SubscribeURL: url })), [400, 'malformed'], url)
  t.same(asked, [CERT])
})

t.test('a confirmation that does not get through is none', async t => {
  for (const answer of [() => got(403), () => Promise.reject(new Error('ECONNRESET'))]) {
    const { on, send } = await sns(t, url => (url === CERT ? serves() : answer()), {
      map: mapOf(', handshake: on'),
    })
    t.same(await send(confirmation()), BUSY)
    on.clock.advance(1000)
    await on.until(() => on.hookwarden.lines.some(({ url }) => url === `${HOST}/`))
  }
})

t.test('without `handshake: on` nobody is called, and the flow gets the confirmation', async t => {
  const { on, asked, send } = await sns(t, serves)
  t.same(await send(confirmation()), ACCEPTED)
  t.same(asked, [CERT])
  t.equal(on.recorder.requests.length, 1)
})

t.test('a certificate that stands in the map needs nobody to be asked', async t => {
  const { asked, send } = await sns(t, url => (url === CERT ? serves() : got(200)), {
    map: mapOf(', handshake: on').replace('cert_url: fetch', KEPT),
  })
  t.same(await send(message()), ACCEPTED)
  t.same(asked, [])
  t.same(await send(confirmation()), [200, undefined])
  t.equal(asked.length, 1)
})

t.test(
  'a refusal is explained where the map has the certificate, and not where it is fetched',
  async t => {
    for (const [map, explained] of [
      [mapOf().replace('cert_url: fetch', KEPT), 1],
      [mapOf(), 0],
    ] as const) {
      const { on, send } = await sns(t, serves, { map })
      t.same(await send(message({}, stranger.key)), [401, 'signature'])
      for (let i = 0; i < 100; i++) await nextTurn()
      on.clock.advance(100) // log lines wait for company
      t.equal(on.hookwarden.lines.filter(({ msg }) => msg === 'explained').length, explained, map)
    }
  },
)

t.test('who leaves while the certificate comes is heard all the same', async t => {
  let answer: (cert: Got) => void = () => {}
  const { on, asked } = await sns(
    t,
    () =>
      new Promise(resolve => {
        answer = resolve
      }),
  )
  const connection = await connect(on.port)
  for (const piece of sent(message())) await connection.write(piece)
  await on.until(() => asked.length === 1)
  connection.destroy()
  answer({ status: 200, body: Buffer.from(amazon.cert) })
  await on.recorder.complete(1)
  t.equal(on.recorder.requests.length, 1)
})

t.test('what is longer than any message is refused before it is read', async t => {
  const { asked, send } = await sns(t, serves)
  t.same(await send(message({ Message: 'x'.repeat(544 * 1024) })), [413, 'size'])
  t.same(asked, [])
  t.same(await send(message({ Message: '"'.repeat(256 * 1024) })), ACCEPTED)
})

t.test('how many wait for a certificate is bounded', async t => {
  let answer: (cert: Got) => void = () => {}
  const { on, send } = await sns(
    t,
    () =>
      new Promise(resolve => {
        answer = resolve
      }),
  )
  const busy: unknown[] = []
  const sending = Array.from({ length: 12 }, async (_, i) => {
    const told = await send(message({ Message: `${i}` }))
    if (told[0] === 503) busy.push(told)
    return told
  })
  await on.until(() => busy.length === 4)
  answer({ status: 200, body: Buffer.from(amazon.cert) })
  const all = await Promise.all(sending)
  t.equal(all.filter(([status]) => status === 204).length, 8)
})
