import { createHmac } from 'node:crypto'
import t from 'tap'
import { formatIssue } from '../../src/config/issues.ts'
import { loadMap } from '../../src/config/load.ts'
import { type Answer, exchange, type Pieces, post } from '../support/sender.ts'
import { FLOW, type Stage, stage, wordOf } from './stage.ts'

const KEY = 'b537207f20cbfa02357cf448134da559e8bd39d61597dcd5631b8012eae53e81'
const OTHER = KEY.replace('b', 'c')
const FILE = '/var/lib/hookwarden/key'
/** The clock of the stage begins on this day. */
const OPEN = '2023-11-15'

const mapOf = (preset: string, until = OPEN, file = FILE, more = '') =>
  `providers:\n  ${preset}: { secret: 'file:${file}', handshake: { enrol: ${until} }, path: /in/x, to: flow:${FLOW}${more} }\n`

type Headers = readonly (readonly [string, string])[]

const sent = (headers: Headers, body = '{}') =>
  post({ target: '/in/x', headers: [['Content-Type', 'application/json'], ...headers], body })

/** The request that hands over the key, as the sender's page has it, and a delivery signed with it. */
const SENDERS: Readonly<
  Record<string, { hand: (key: string) => Pieces; sign: (key: string, body: string) => Pieces }>
> = {
  asana: {
    hand: key => sent([['X-Hook-Secret', key]]),
    sign: (key, body) => sent([['X-Hook-Signature', mac(key, body)]], body),
  },
  clio: {
    hand: key => sent([['X-Hook-Secret', key]]),
    sign: (key, body) => sent([['X-Hook-Signature', mac(key, body)]], body),
  },
  notion: {
    hand: key => sent([], JSON.stringify({ verification_token: key })),
    sign: (key, body) => sent([['X-Notion-Signature', `sha256=${mac(key, body)}`]], body),
  },
}

function mac(key: string, body: string): string {
  return createHmac('sha256', key).update(body).digest('hex')
}

const ready = async (on: Stage) => (await on.hookwarden.admin('/readyz')).body

for (const [preset, { hand, sign }] of Object.entries(SENDERS)) {
  t.test(
    `${preset}: a key that is handed over in time is kept, once, and proves what follows`,
    async t => {
      const files = new Map<string, Uint8Array>()
      const on = await stage(t, { map: mapOf(preset), files })
      t.match(await ready(on), 'secret_unavailable')
      const before = await exchange(on.port, sign(KEY, '{"a":1}'))
      t.equal(before?.status, 503, 'nothing passes before')
      let answer: Answer | undefined
      const moves = await on.counted(async () => {
        answer = await exchange(on.port, hand(KEY))
      })
      t.equal(answer?.status, 200)
      t.equal(answer?.text(), '')
      t.equal(answer?.header('x-hook-secret'), preset === 'notion' ? undefined : KEY)
      t.same(moves, { [`hookwarden_requests_total{provider="${preset}",outcome="challenge"}`]: 1 })
      t.equal(Buffer.from(files.get(FILE) ?? []).toString(), KEY)
      t.equal(on.recorder.requests.length, 0)
      t.notMatch(await ready(on), 'secret_unavailable', 'without a restart')
      t.equal((await exchange(on.port, sign(KEY, '{"a":1}')))?.status, 204)
      t.equal((await exchange(on.port, sign(OTHER, '{"a":2}')))?.status, 401)
      const again = await exchange(on.port, hand(OTHER))
      t.equal(again?.status, 401, 'the first is the only one')
      t.equal(Buffer.from(files.get(FILE) ?? []).toString(), KEY)
      const shown = sign(KEY, '{"a":3}').map(bytes =>
        Buffer.from(
          Buffer.from(bytes).toString('latin1').replace('\r\n', `\r\nX-A: ${KEY}\r\n`),
          'latin1',
        ),
      )
      t.equal((await exchange(on.port, shown))?.status, 204)
      t.notMatch(on.recorder.requests.at(-1)?.head.toString(), KEY, 'nor is it forwarded')
      on.clock.advance(1000)
      await on.until(() => on.hookwarden.lines.some(({ msg }) => /handed over/.test(String(msg))))
      const said = on.hookwarden.lines.find(({ msg }) => /may hand over/.test(String(msg)))
      t.match(said, { level: 'warn', provider: preset, until: '2023-11-15T23:59:59.999Z' })
      t.notMatch(JSON.stringify(on.hookwarden.lines), KEY, 'no log line has it')
    },
  )

  t.test(`${preset}: outside of that time, or where a key is, none is taken`, async t => {
    const late = await stage(t, { map: mapOf(preset, '2023-11-13'), files: new Map() })
    t.equal((await exchange(late.port, hand(KEY)))?.status, 503)
    const ends = new Map<string, Uint8Array>()
    const window = await stage(t, { map: mapOf(preset, "'2023-11-14T22:13:30Z'"), files: ends })
    window.clock.advance(10_001)
    t.equal((await exchange(window.port, hand(KEY)))?.status, 503)
    t.same([...ends], [])
    const files = new Map([[FILE, Buffer.from(OTHER)]])
    const on = await stage(t, { map: mapOf(preset), files })
    t.equal((await exchange(on.port, hand(KEY)))?.status, 401)
    t.equal((await exchange(on.port, sign(OTHER, '{}')))?.status, 204)
    const off = await stage(t, {
      map: mapOf(preset).replace(/handshake: \{[^}]*\}, /, ''),
      files: new Map(),
    })
    t.equal((await exchange(off.port, hand(KEY)))?.status, 503)
  })
}

t.test('what is no key, or no such request, is refused and writes nothing', async t => {
  const wrong: readonly [string, Pieces][] = [
    ['asana', sent([])],
    ['asana', sent([['X-Hook-Secret', '']])],
    ['asana', sent([['X-Hook-Secret', 'short']])],
    ['asana', sent([['X-Hook-Secret', `${KEY} ${KEY}`]])],
    ['asana', sent([['X-Hook-Secret', 'x'.repeat(129)]])],
    ['asana', sent([...Array<readonly [string, string]>(2).fill(['X-Hook-Secret', KEY])])],
    ['asana', sent([], JSON.stringify({ verification_token: KEY }))],
    ['notion', sent([['X-Hook-Secret', KEY]])],
    ['notion', sent([], '')],
    ['notion', sent([], '[]')],
    ['notion', sent([], '{"verification_token":')],
    ['notion', sent([], '{"verification_token":1}')],
    ['notion', sent([], JSON.stringify({ verification_token: `${KEY}=` }))],
    ['notion', sent([], `{"verification_token":"${KEY}","verification_token":"${KEY}"}`)],
    ['notion', sent([], `{"verification_token":"${KEY}","x":"${'y'.repeat(8192)}"}`)],
  ]
  for (const mode of ['enforce', 'report']) {
    for (const preset of ['asana', 'notion']) {
      const files = new Map<string, Uint8Array>()
      const on = await stage(t, { map: mapOf(preset, OPEN, FILE, `, mode: ${mode}`), files })
      for (const [name, bytes] of wrong.filter(([name]) => name === preset)) {
        const answer = await exchange(on.port, bytes)
        t.equal(answer?.status, 503, name)
        t.equal(wordOf(answer), 'busy')
      }
      t.same([...files], [])
      t.equal(on.recorder.requests.length, 0)
    }
  }
})

t.test('a key that cannot be kept is not taken', async t => {
  const on = await stage(t, { map: mapOf('asana', OPEN, '/read-only/key'), files: new Map() })
  const answer = await exchange(on.port, sent([['X-Hook-Secret', KEY]]))
  t.equal(answer?.status, 503)
  t.equal(answer?.header('x-hook-secret'), undefined)
  on.clock.advance(1000)
  await on.until(() => on.hookwarden.lines.some(({ problem }) => problem === 'EROFS'))
  t.notMatch(JSON.stringify(on.hookwarden.lines), KEY)
})

t.test('an offer from an address over its limit is not looked at', async t => {
  const files = new Map<string, Uint8Array>()
  const map = mapOf('notion', OPEN, FILE, ', limits: { per_address: 1/1m }')
  const on = await stage(t, { map, files })
  await exchange(on.port, sent([]))
  t.equal(
    (await exchange(on.port, sent([], JSON.stringify({ verification_token: KEY }))))?.status,
    429,
  )
  t.same([...files], [])
})

t.test('the map says where a key may go, and of whom', async t => {
  const issues = (entry: string) => {
    const head =
      'version: 1\nupstream: http://127.0.0.1:3000\nlisten: { tls: [{ cert: a, key: b }] }\n'
    const text = `${head}providers:\n  acme: { ${entry}, path: /in/x, to: flow:${FLOW} }\n`
    const loaded = loadMap(text, { file: 'map.yaml', dev: false })
    return (loaded.issues ?? []).map(formatIssue).map(one => one.split('\n')[0])
  }
  const enrol = 'handshake: { enrol: 2026-11-25T10:15:00Z }'
  t.same(issues(`preset: asana, secret: 'file:a', ${enrol}`), [])
  t.same(issues(`preset: notion, secret: 'file:a', handshake: { enrol: 2026-11-25 }`), [])
  const place = /handshake: the key that is handed over needs a place: one `secret`, in a file/
  t.match(issues(`preset: asana, secret: env:A, ${enrol}`), [place])
  t.match(issues(`preset: asana, secrets: ['file:a'], ${enrol}`), [place])
  t.match(issues(`preset: github, secret: 'file:a', ${enrol}`), [
    /handshake: this sender hands over no key/,
  ])
  t.match(issues(`preset: asana, secret: 'file:a', handshake: { enrol: soon }`), [/enrol: /])
  t.match(issues(`preset: asana, secret: 'file:a', handshake: on`), [/no challenge of this sender/])
})
