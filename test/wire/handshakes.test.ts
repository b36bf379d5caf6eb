import { createCipheriv, createHash } from 'node:crypto'
import t from 'tap'
import { exampleEntry } from '../../src/commands/provider-pages.ts'
import { PRESETS, type Preset } from '../../src/presets/presets.ts'
import { ANY, hmac, type Sender } from '../signers/sender.ts'
import { SENDERS } from '../signers/senders.ts'
import { ManualClock } from '../support/manual-clock.ts'
import { type Answer, exchange, type Pieces, request } from '../support/sender.ts'
import { PUBLIC_URL, request as signed } from '../unit/presets/support.ts'
import { type Stage, stage } from './stage.ts'

/** Amazon SNS is called for its answer: its test is another, `sns.test.ts`. */
const NAMES = Object.keys(PRESETS)
  .filter(name => PRESETS[name]?.handshake?.some(({ kind }) => kind !== 'confirm-body'))
  .sort()
const NOW = new ManualClock().wall()
const TOKEN = 'a-token-that-we-chose'
const UUID = '890e4665-4dfe-4ab1-b689-ed553bceeed0'
const VALUE = 'NDE1NjU2NTY1NjU2NDE1NjU2NTY1NjU2'

/** Each with a secret of its own: one that two entries have signs for nobody. */
function senderOf(name: string): Sender {
  const sender = SENDERS[name] as Sender
  return sender.secret === ANY ? { ...sender, secret: `the-secret-of-${name}-alone` } : sender
}
const pathOf = (name: string) => `/in/${name}`

/** The entry that the sender's page shows, with what its sender was given, and more keys. */
function entry(name: string, more = ''): string {
  const { values = {} } = senderOf(name)
  const flow = `00000000-0000-4000-8000-${String(NAMES.indexOf(name)).padStart(12, '0')}`
  const keys = exampleEntry(name, PRESETS[name] as Preset)
    .replace(/^ {2}(\w+): .*$/gm, (line, key: string) => {
      if (key === 'secret') return `  secret: env:${variable(name)}`
      if (key === 'verify_token') return /off/.test(more) ? '' : '  verify_token: env:TOKEN'
      const value = values[key]
      return value === undefined ? line : `  ${key}: ${JSON.stringify(value)}`
    })
    .replace(/flow:[0-9a-f-]+/, `flow:${flow}`)
  return `${keys.trimEnd()}\n${more === '' ? '' : `  ${more}\n`}`.replace(/^(?=.)/gm, '  ')
}

const variable = (name: string) => name.toUpperCase().replaceAll('-', '_')
const ENV: Readonly<Record<string, string>> = {
  TOKEN,
  ...Object.fromEntries(NAMES.map(name => [variable(name), senderOf(name).secret])),
}
const mapOf = (names: readonly string[], more = '') =>
  `providers:\n${names.map(name => entry(name, more)).join('')}`

/** A delivery with exactly this body, signed by the sender. */
function delivery(name: string, body: string): Pieces {
  const { compose: _, ...sender } = senderOf(name)
  const made = signed(sender, body, { now: NOW, url: PUBLIC_URL + pathOf(name) })
  const headers = [['Content-Type', 'application/json'] as const, ...made.headers]
  return request({ method: 'POST', target: made.target, headers, body: made.body })
}

const get = (name: string, query: string, method = 'GET') =>
  request({ method, target: `${pathOf(name)}?${query}` })
const head = (name: string) => request({ method: 'HEAD', target: pathOf(name) })
const withHeader = (method: string, name: string, header: string) =>
  request({
    method,
    target: pathOf(name),
    headers: [[header, VALUE], ...(method === 'POST' ? [['Content-Length', '0'] as const] : [])],
  })
const subscribe = (name: string, token = TOKEN) =>
  get(name, `hub.mode=subscribe&hub.challenge=1158201444&hub.verify_token=${token}`)
const mac = (name: string, value: string, encoding: 'hex' | 'base64') =>
  hmac('sha256', senderOf(name).secret, value).toString(encoding)

/** What Lark asks, before it is encrypted. */
function larkChallenge(fields: object = {}): string {
  return JSON.stringify({ challenge: UUID, token: TOKEN, type: 'url_verification', ...fields })
}

/** Encrypted as Lark's page says: AES-256-CBC under SHA-256 of the Encrypt Key, the IV in front. */
function sealedBody(plain: string, key = senderOf('lark').secret): string {
  const iv = Buffer.from('0123456789abcdef')
  const cipher = createCipheriv('aes-256-cbc', createHash('sha256').update(key).digest(), iv)
  const bytes = Buffer.concat([iv, cipher.update(plain), cipher.final()])
  return JSON.stringify({ encrypt: bytes.toString('base64') })
}

/** A body that Lark did not sign. */
function sealed(plain: string, key?: string): Pieces {
  return unsigned(sealedBody(plain, key))
}

function unsigned(body: string): Pieces {
  return request({
    method: 'POST',
    target: pathOf('lark'),
    headers: [['Content-Type', 'application/json']],
    body,
  })
}

/** The question of a sender, and the answer that its page asks for. */
interface Case {
  readonly ask: Pieces
  readonly status?: 204
  readonly type?: 'text/plain' | 'application/json'
  readonly body?: string
  readonly header?: readonly [string, string]
}

const text = (body: string) => ({ type: 'text/plain', body }) as const
const json = (body: object) => ({ type: 'application/json', body: JSON.stringify(body) }) as const
const validation = 'Validation%3a+Testing+client+application+Request-Id%3a+03f8'

const CASES: Readonly<Record<string, readonly Case[]>> = {
  circle: [{ ask: head('circle') }],
  discord: [
    { ask: delivery('discord', '{"type":1,"id":"1"}'), ...json({ type: 1 }) },
    {
      ask: delivery('discord', '{"version":1,"type":0}'),
      status: 204,
      type: 'application/json',
      body: '',
    },
  ],
  dropbox: [{ ask: get('dropbox', 'challenge=abc123'), ...text('abc123') }],
  facebook: [{ ask: subscribe('facebook'), ...text('1158201444') }],
  front: [{ ask: withHeader('POST', 'front', 'X-Front-Challenge'), ...text(VALUE) }],
  instagram: [{ ask: subscribe('instagram'), ...text('1158201444') }],
  lark: [
    { ask: sealed(larkChallenge()), ...json({ challenge: UUID }) },
    { ask: delivery('lark', sealedBody(larkChallenge())), ...json({ challenge: UUID }) },
  ],
  linkedin: [
    {
      ask: get('linkedin', `challengeCode=${UUID}&applicationId=1`),
      ...json({ challengeCode: UUID, challengeResponse: mac('linkedin', UUID, 'hex') }),
    },
  ],
  mailchimp: [{ ask: get('mailchimp', 'secret=x') }],
  mandrill: [{ ask: head('mandrill') }],
  messenger: [{ ask: subscribe('messenger'), ...text('1158201444') }],
  'microsoft-graph': [
    {
      ask: get('microsoft-graph', `validationToken=${validation}`, 'POST'),
      ...text('Validation: Testing client application Request-Id: 03f8'),
    },
  ],
  'microsoft-sharepoint': [
    { ask: get('microsoft-sharepoint', `validationtoken=${UUID}`, 'POST'), ...text(UUID) },
  ],
  monday: [{ ask: delivery('monday', `{"challenge":"${VALUE}"}`), ...json({ challenge: VALUE }) }],
  nylas: [{ ask: get('nylas', 'challenge=bc609b38-c81f'), ...text('bc609b38-c81f') }],
  okta: [
    {
      ask: withHeader('GET', 'okta', 'x-okta-verification-challenge'),
      ...json({ verification: VALUE }),
    },
  ],
  oura: [
    {
      ask: get('oura', `verification_token=${TOKEN}&challenge=abc`),
      ...json({ challenge: 'abc' }),
    },
  ],
  ringcentral: [
    {
      ask: withHeader('POST', 'ringcentral', 'Validation-Token'),
      body: '',
      header: ['validation-token', VALUE],
    },
  ],
  slack: [
    {
      ask: delivery('slack', `{"token":"x","challenge":"${VALUE}","type":"url_verification"}`),
      ...text(VALUE),
    },
  ],
  smartcar: [
    {
      ask: delivery(
        'smartcar',
        `{"eventId":"1","eventType":"VERIFY","data":{"challenge":"${UUID}"}}`,
      ),
      ...json({ challenge: mac('smartcar', UUID, 'hex') }),
    },
  ],
  smartsheet: [
    {
      ask: withHeader('POST', 'smartsheet', 'Smartsheet-Hook-Challenge'),
      body: '',
      header: ['smartsheet-hook-response', VALUE],
    },
  ],
  strava: [
    { ask: subscribe('strava'), ...json({ 'hub.challenge': '1158201444' }) },
    {
      ask: get(
        'strava',
        `secret=x&hub.mode=subscribe&hub.challenge=1158201444&hub.verify_token=${TOKEN}`,
      ),
      ...json({ 'hub.challenge': '1158201444' }),
    },
  ],
  tebex: [
    {
      ask: delivery('tebex', `{"id":"${UUID}","type":"validation.webhook","subject":{}}`),
      ...json({ id: UUID }),
    },
  ],
  trello: [{ ask: head('trello') }],
  twitch: [
    {
      ask: delivery(
        'twitch',
        '{"challenge":"pogchamp-kappa","subscription":{"status":"webhook_callback_verification_pending"}}',
      ),
      ...text('pogchamp-kappa'),
    },
  ],
  twitter: [
    {
      ask: get('twitter', `crc_token=${VALUE}&nonce=1`),
      ...json({ response_token: `sha256=${mac('twitter', VALUE, 'base64')}` }),
    },
  ],
  whatsapp: [{ ask: subscribe('whatsapp'), ...text('1158201444') }],
  zoom: [
    {
      ask: delivery(
        'zoom',
        `{"payload":{"plainToken":"qgg8vlvZRS6UYooatFL8Aw"},"event":"endpoint.url_validation"}`,
      ),
      ...json({
        plainToken: 'qgg8vlvZRS6UYooatFL8Aw',
        encryptedToken: mac('zoom', 'qgg8vlvZRS6UYooatFL8Aw', 'hex'),
      }),
    },
  ],
}

/** What a request comes to, and what it moves. */
async function ask(
  on: Stage,
  bytes: Pieces,
): Promise<{ answer: Answer | undefined; moves: object }> {
  let answer: Answer | undefined
  const moves = await on.counted(async () => {
    answer = await exchange(on.port, bytes)
  })
  return { answer, moves }
}

const outcome = (name: string, word: string) =>
  `hookwarden_requests_total{provider="${name}",outcome="${word}"}`
const rejected = (name: string, reason: string, mode = 'enforce') => ({
  [outcome(name, 'rejected')]: 1,
  [`hookwarden_rejections_total{provider="${name}",reason="${reason}",mode="${mode}"}`]: 1,
})

t.test('every sender that asks is answered as its page says, and nothing is forwarded', async t => {
  t.same(Object.keys(CASES).sort(), NAMES, 'every preset with a handshake has a case')
  const on = await stage(t, { map: mapOf(NAMES), env: ENV })
  const asked: object[] = []
  for (const [name, cases] of Object.entries(CASES)) {
    for (const { ask: bytes, status = 200, type, body = '', header } of cases) {
      const { answer, moves } = await ask(on, bytes)
      t.equal(answer?.status, status, name)
      t.equal(answer?.text(), body, name)
      t.equal(answer?.header('content-type'), type, name)
      t.equal(answer?.header('x-content-type-options'), 'nosniff', name)
      t.equal(answer?.header('cache-control'), 'no-store', name)
      t.equal(answer?.header('transfer-encoding'), undefined, `${name}: not chunked`)
      t.equal(answer?.header('content-length'), status === 204 ? undefined : `${body.length}`, name)
      if (header !== undefined) t.equal(answer?.header(header[0]), header[1], name)
      t.same(moves, { [outcome(name, 'challenge')]: 1 }, name)
      asked.push({ outcome: 'challenge', provider: name, status, route: pathOf(name) })
    }
  }
  t.equal(on.recorder.requests.length, 0)
  const logged = () => on.hookwarden.lines.filter(line => 'outcome' in line)
  on.clock.advance(1000)
  await on.until(() => logged().length === asked.length)
  t.match(logged(), asked, 'each has its line')
  for (const line of logged()) t.equal(line.reason, undefined)
  for (const text of [VALUE, UUID, TOKEN]) t.notMatch(JSON.stringify(logged()), text)
})

t.test('with `handshake: off` a question is a request like any other', async t => {
  const on = await stage(t, { map: mapOf(NAMES, 'handshake: off'), env: ENV })
  for (const [name, [one]] of Object.entries(CASES)) {
    const reached = on.recorder.requests.length
    const { answer } = await ask(on, one?.ask ?? [])
    const signed = (kind: string) => kind.endsWith('-body') && kind !== 'sealed-body'
    const proven = PRESETS[name]?.handshake?.every(({ kind }) => signed(kind)) === true
    t.equal(on.recorder.requests.length - reached, proven ? 1 : 0, name)
    if (proven) t.equal(answer?.status, 204, `${name}: taken by the upstream`)
    else t.ok([400, 401, 405, 415].includes(answer?.status ?? 0), `${name}: ${answer?.status}`)
  }
})

t.test('an ordinary delivery of a sender that asks is forwarded', async t => {
  const on = await stage(t, { map: mapOf(NAMES), env: ENV })
  for (const name of ['slack', 'zoom', 'discord', 'twitter', 'monday', 'tebex', 'linkedin']) {
    const { answer, moves } = await ask(
      on,
      delivery(name, '{"type":1,"event":{"type":"url_verification","challenge":"x"},"id":"1"}'),
    )
    t.equal(answer?.status, 204, name)
    t.same(moves, { [outcome(name, 'accepted')]: 1 }, name)
  }
  t.equal(on.recorder.requests.length, 7)
})

t.test('a wrong token is refused in the words of any other 401, in report mode too', async t => {
  for (const mode of ['enforce', 'report']) {
    const on = await stage(t, { map: mapOf(['whatsapp', 'oura'], `mode: ${mode}`), env: ENV })
    const wrong: [string, Pieces][] = [
      ['whatsapp', subscribe('whatsapp', 'a-token-that-we-chosf')],
      ['whatsapp', subscribe('whatsapp', '')],
      ['whatsapp', get('whatsapp', 'hub.mode=subscribe&hub.challenge=1')],
      [
        'whatsapp',
        get('whatsapp', `hub.mode=subscribe&hub.challenge=1&${twice('hub.verify_token')}`),
      ],
      ['oura', get('oura', 'verification_token=x&challenge=abc')],
    ]
    for (const [name, bytes] of wrong) {
      const { answer, moves } = await ask(on, bytes)
      t.equal(answer?.status, 401)
      t.match(answer?.text(), /^\{"error":"signature","request_id":"[\w-]+"\}\n$/)
      t.same(moves, rejected(name, 'token_mismatch'))
    }
    t.equal(on.recorder.requests.length, 0)
  }
})

const twice = (name: string) => `${name}=${TOKEN}&${name}=${TOKEN}`

t.test('a token that cannot be read answers nobody', async t => {
  const { TOKEN: _, ...env } = ENV
  const on = await stage(t, { map: mapOf(['whatsapp']), env })
  const { answer } = await ask(on, subscribe('whatsapp'))
  t.equal(answer?.status, 401)
  t.equal((await exchange(on.port, delivery('whatsapp', '{}')))?.status, 204, 'deliveries pass')
})

t.test('what is not quite a question is an ordinary request', async t => {
  const on = await stage(t, { map: mapOf(NAMES), env: ENV })
  const values = ['', '%3Cscript%3E', 'a%0d%0ab', '%00', 'a%c3%a9', 'a'.repeat(1025)]
  for (const value of values) {
    const { answer, moves } = await ask(on, get('dropbox', `challenge=${value}`))
    t.equal(answer?.status, 405, value.slice(0, 20))
    t.notMatch(answer?.text(), /script|a/.exec(value)?.[0] === 'script' ? 'script' : 'aaaa')
    t.same(moves, rejected('dropbox', 'method'))
  }
  const others: [string, Pieces, number][] = [
    ['dropbox', get('dropbox', 'challenge=a&challenge=b'), 405],
    ['dropbox', get('dropbox', 'challenge=a', 'HEAD'), 405],
    ['dropbox', get('dropbox', 'challenge=a', 'DELETE'), 405],
    ['trello', get('trello', 'a=1'), 405],
    ['facebook', get('facebook', `hub.challenge=1&hub.verify_token=${TOKEN}`), 405],
    ['facebook', get('facebook', `hub.mode=unsubscribe&hub.challenge=1&hub.verify_token=x`), 405],
  ]
  for (const [name, bytes, status] of others) {
    const { moves } = await ask(on, bytes)
    t.same(moves, rejected(name, 'method'), `${status}`)
  }
  t.equal(on.recorder.requests.length, 0)
})

t.test('unsigned questions spend the limit of their address, signed ones do not', async t => {
  const on = await stage(t, {
    map: mapOf(['dropbox', 'slack'], 'limits: { per_address: 1/1m }'),
    env: ENV,
  })
  t.equal((await ask(on, get('dropbox', 'challenge=a'))).answer?.status, 200)
  const { answer, moves } = await ask(on, get('dropbox', 'challenge=a'))
  t.equal(answer?.status, 429)
  t.match(answer?.header('retry-after'), /^\d+$/)
  t.same(moves, rejected('dropbox', 'rate_address'))
  for (let i = 0; i < 3; i++) {
    t.equal((await ask(on, CASES.slack?.[0]?.ask ?? [])).answer?.status, 200)
  }
})

t.test('a question in a body that is not signed right is answered by nobody', async t => {
  const on = await stage(t, { map: mapOf(NAMES), env: ENV })
  for (const name of ['slack', 'zoom', 'smartcar', 'discord', 'twitch', 'tebex', 'monday']) {
    const [bytes = Buffer.alloc(0)] = CASES[name]?.[0]?.ask ?? []
    const forged = Buffer.from(bytes)
    if (name === 'monday') forged.write('~', forged.indexOf('Authorization: ') + 40)
    else forged.write(' ', forged.indexOf('{') + 1)
    const { answer } = await ask(on, [forged])
    t.equal(answer?.status, 401, name)
  }
  t.equal(on.recorder.requests.length, 0)
})

/** What a delivery signs, whose body its provider accepts. */
const ACCEPTABLE = [
  '{"a":1}',
  '[1]',
  '{}',
  ' {"a":1}',
  'hmacsha256={"a":1}',
  'v0:1700000000:{"a":1}',
]

t.test('no answer is a signature of an acceptable delivery', async t => {
  const on = await stage(t, { map: mapOf(['twitter', 'linkedin', 'zoom', 'smartcar']), env: ENV })
  const without = (name: string, bytes: string, answer: Answer | undefined) => {
    const text = `${answer?.head}${answer?.text()}`
    t.not(answer?.status, 200, `${name}: ${bytes}`)
    for (const encoding of ['hex', 'base64'] as const)
      t.notOk(text.includes(mac(name, bytes, encoding)), `${name}: ${bytes}`)
  }
  for (const bytes of ACCEPTABLE) {
    const value = encodeURIComponent(bytes)
    without('twitter', bytes, (await ask(on, get('twitter', `crc_token=${value}`))).answer)
    without('linkedin', bytes, (await ask(on, get('linkedin', `challengeCode=${value}`))).answer)
    const text = JSON.stringify(bytes)
    const bodies = {
      zoom: `{"event":"endpoint.url_validation","payload":{"plainToken":${text}}}`,
      smartcar: `{"eventType":"VERIFY","data":{"challenge":${text}}}`,
    }
    for (const [name, body] of Object.entries(bodies)) {
      const { answer, moves } = await ask(on, delivery(name, body))
      without(name, bytes, answer)
      t.same(moves, rejected(name, 'malformed_body'))
    }
  }
  t.equal(on.recorder.requests.length, 0)
})

t.test('what was signed for anybody cannot be sent as a delivery', async t => {
  const on = await stage(t, { map: mapOf(['twitter', 'linkedin']), env: ENV })
  const { answer } = await ask(on, get('twitter', `crc_token=${VALUE}`))
  const { response_token: signature } = JSON.parse(answer?.text() ?? '{}') as Record<string, string>
  for (const type of ['text/plain', 'application/json']) {
    const { moves } = await ask(
      on,
      request({
        method: 'POST',
        target: pathOf('twitter'),
        headers: [
          ['Content-Type', type],
          ['x-twitter-webhooks-signature', `${signature}`],
        ],
        body: VALUE,
      }),
    )
    t.same(moves, rejected('twitter', 'malformed_body'), 'the signature is right, the body is not')
  }
  for (const body of ['', ' {}', 'abc', '"a"', '\ufeff{}']) {
    for (const name of ['twitter', 'linkedin']) {
      const { moves } = await ask(on, delivery(name, body))
      t.same(moves, rejected(name, 'malformed_body'), JSON.stringify(body))
    }
  }
  t.equal(on.recorder.requests.length, 0)
  t.equal((await ask(on, delivery('twitter', '[]'))).answer?.status, 204)
})

t.test('a secret that another entry has signs for nobody', async t => {
  const env = { ...ENV, TWITTER: ENV.DROPBOX ?? '' }
  const on = await stage(t, { map: mapOf(['twitter', 'dropbox']), env })
  const { moves } = await ask(on, get('twitter', `crc_token=${VALUE}`))
  t.same(moves, rejected('twitter', 'method'))
})

t.test('an encrypted question is answered only to who knows key and token', async t => {
  const on = await stage(t, { map: mapOf(['lark']), env: ENV })
  const good = sealedBody(larkChallenge())
  const bytes = Buffer.from((JSON.parse(good) as { encrypt: string }).encrypt, 'base64')
  const flipped = (at: number) => {
    const copy = Buffer.from(bytes)
    copy.writeUInt8(copy.readUInt8(at) ^ 1, at)
    return unsigned(JSON.stringify({ encrypt: copy.toString('base64') }))
  }
  const wrong: [string, Pieces][] = [
    ['another key', sealed(larkChallenge(), 'another-key-of-thirty-two-characters')],
    ['another token', sealed(larkChallenge({ token: 'a-token-that-we-chosf' }))],
    ['no token', sealed(larkChallenge({ token: undefined }))],
    ['another type', sealed(larkChallenge({ type: 'event_callback' }))],
    ['no type', sealed(larkChallenge({ type: undefined }))],
    ['no value', sealed(larkChallenge({ challenge: undefined }))],
    ['a value that is a page', sealed(larkChallenge({ challenge: '<script>' }))],
    ['a field twice', sealed(larkChallenge().replace('{', '{"type":"url_verification",'))],
    ['plain', unsigned(larkChallenge())],
    ['no JSON inside', sealed('hello')],
    ['nothing', unsigned('{"encrypt":""}')],
    ['one block', unsigned(`{"encrypt":"${Buffer.alloc(16).toString('base64')}"}`)],
    ['half a block', unsigned(`{"encrypt":"${Buffer.alloc(40).toString('base64')}"}`)],
    ['no base64', unsigned('{"encrypt":"*"}')],
    ['too long', unsigned(good.replace('{', `{"pad":"${'x'.repeat(8192)}",`))],
    ['no JSON', unsigned('encrypt')],
    ...[0, 16, 40, bytes.length - 1].map(at => [`bit ${at}`, flipped(at)] as [string, Pieces]),
  ]
  const texts = new Set<string>()
  for (const [name, ask1] of wrong) {
    const { answer, moves } = await ask(on, ask1)
    t.equal(answer?.status, 401, name)
    t.same(moves, rejected('lark', 'signature_missing'), name)
    texts.add(`${answer?.text().replace(/"request_id":"[^"]*"/, '')}`)
  }
  t.equal(texts.size, 1, 'whatever was wrong, in the same words')
  const [signed = Buffer.alloc(0), ...rest] = delivery('lark', good)
  const forged = Buffer.from(signed)
  forged.write('~', forged.indexOf('X-Lark-Signature: ') + 20)
  t.equal((await ask(on, [forged, ...rest])).answer?.status, 401, 'a signature that is wrong')
  t.equal(on.recorder.requests.length, 0)
  t.equal((await ask(on, delivery('lark', '{"encrypt":"x"}'))).answer?.status, 204, 'an event')
})

t.test('an encrypted question spends the limit of its address', async t => {
  const on = await stage(t, { map: mapOf(['lark'], 'limits: { per_address: 1/1m }'), env: ENV })
  t.equal((await ask(on, sealed(larkChallenge()))).answer?.status, 200)
  const { answer, moves } = await ask(on, sealed(larkChallenge()))
  t.equal(answer?.status, 429)
  t.same(moves, rejected('lark', 'rate_address'))
})
