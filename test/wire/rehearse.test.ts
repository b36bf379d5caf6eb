import { globSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { type RehearseOptions, rehearse } from '../../src/commands/rehearse.ts'
import { developmentCertificate } from '../support/certificate.ts'
import type { Reaction, RecordedRequest } from '../support/recorder.ts'
import { ENV, FLOW, GITHUB, PROVIDERS, STRIPE, type Stage, stage } from './stage.ts'

const SYNC = '9d3b1c7a-0f4e-4a57-8c21-6b5d4e3f2a10'
const MAP = `${PROVIDERS}  acme: { preset: github, secret: env:GITHUB, path: /in/acme, to: flow:${SYNC}, sync: true, content_types: [text/plain] }
  open: { scheme: { none: a sender that cannot sign }, path: /in/open, to: flow:4c1d9f0e-2f57-4f0a-9d7d-1f6b8d0c3e22 }
`
const OLD = 1_600_000_000
const CAPTURES: Readonly<Record<string, string>> = {
  'push.http': `POST ${GITHUB}\nContent-Type: application/json\nX-GitHub-Event: push\nX-Hub-Signature-256: sha256=${'0'.repeat(64)}\nAuthorization: Bearer of-the-sender\n\n{"ref":"main"}`,
  'paid.http': `POST ${STRIPE}\nContent-Type: application/json\nStripe-Signature: t=${OLD},v1=${'0'.repeat(64)}\n\n{"id":"evt_1","object":"event"}`,
  'total.http': `POST /in/acme\nContent-Type: text/plain\nX-Hub-Signature-256: sha256=${'0'.repeat(64)}\n\ntotal of two lines\nplease`,
  'form.http': 'POST /in/open\nContent-Type: application/json\n\n{"q":1}',
}

/** What a flow called in sync answers: with text, a type and a header of its own. */
const answer = (body: string, type = 'text/plain', status = 200): Reaction => ({
  write: `HTTP/1.1 ${status} OK\r\nDate: ${new Date(0).toUTCString()}\r\nContent-Type: ${type}\r\nX-Flow: total\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
})
const TODAY = ({ target }: RecordedRequest): Reaction =>
  target.includes(SYNC) ? answer('total: 12\n') : { write: 'HTTP/1.1 204 No Content\r\n\r\n' }

interface Ran {
  readonly code: number
  readonly text: string
}

class Rehearsal {
  readonly folder: string
  readonly #set: Stage
  readonly #map: string

  constructor(t: Test, set: Stage) {
    this.#set = set
    const base = t.testdir({
      'map.yaml': `version: 1\nupstream: http://127.0.0.1:3000${MAP}`,
      captures: CAPTURES as Record<string, string>,
    })
    this.#map = join(base, 'map.yaml')
    this.folder = join(base, 'deliveries')
  }

  capture(name: string): string {
    return join(this.folder, '..', 'captures', name)
  }

  async run(change: Partial<RehearseOptions> = {}): Promise<Ran> {
    const out: string[] = []
    const write = (text: string) => void out.push(text)
    const { certFile } = await developmentCertificate()
    const options: RehearseOptions = {
      folder: this.folder,
      to: `https://127.0.0.1:${this.#set.port}`,
      config: this.#map,
      record: [],
      again: false,
      key: [],
      ca: certFile,
      insecure: false,
      json: false,
      dev: true,
      ...change,
    }
    const code = await rehearse(options, {
      sources: { env: ENV, readFile: () => new Uint8Array(), dev: true },
      terminal: { out: write, err: write, paint: (_, text) => text },
      now: this.#set.clock.wall(),
    })
    return { code, text: out.join('\n') }
  }

  /** Records every capture against what answers now. */
  async recorded(): Promise<Ran> {
    const record = Object.keys(CAPTURES).map(name => this.capture(name))
    return this.run({ record })
  }
}

async function rehearsal(t: Test): Promise<{ set: Stage; deliveries: Rehearsal }> {
  const set = await stage(t, {
    map: `${MAP}defaults: { replay: off }\n`,
    recorder: { reaction: TODAY },
  })
  return { set, deliveries: new Rehearsal(t, set) }
}

t.test('a folder is recorded from captures, and the same instance passes it', async t => {
  const { set, deliveries } = await rehearsal(t)
  const { code, text } = await deliveries.recorded()
  t.equal(code, 0, text)
  t.same(
    globSync('*', { cwd: deliveries.folder }).sort(),
    Object.keys(CAPTURES)
      .flatMap(name => [name, name.replace('.http', '.answer')])
      .sort(),
  )
  set.clock.advance(3_600_000) // signed anew, so an hour later is no different
  const again = await deliveries.run()
  t.equal(again.code, 0, again.text)
  t.match(again.text, /^4 deliveries, 4 as recorded, 0 not$/m)
  t.equal(set.recorder.requests.length, 8)
})

t.test('what is recorded proves nothing: no signature, no time, no credentials', async t => {
  const { deliveries } = await rehearsal(t)
  await deliveries.recorded()
  const written = globSync('*', { cwd: deliveries.folder }).map(name =>
    readFileSync(join(deliveries.folder, name), 'latin1'),
  )
  for (const text of written) {
    t.notMatch(text, /signature|bearer|authorization|1600000000/i)
    for (const secret of Object.values(ENV)) t.notOk(text.includes(secret))
  }
})

t.test('an upstream whose answers changed is caught, each change by its name', async t => {
  const { set, deliveries } = await rehearsal(t)
  await deliveries.recorded()
  const planted: readonly [string, string, (request: RecordedRequest) => Reaction, RegExp][] = [
    [
      'push',
      'a status',
      one => (one.target === GITHUB ? answer('', 'text/plain', 422) : TODAY(one)),
      /^push +github +204 +422 +status 422 instead of 204$/m,
    ],
    [
      'total',
      'a body',
      one => (one.target.includes(SYNC) ? answer('total: 13\n') : TODAY(one)),
      /^total +acme +200 +200 +body differs at byte 9: 'total: 13\n' instead of 'total: 12\n'$/m,
    ],
    [
      'total',
      'a header',
      one => (one.target.includes(SYNC) ? answer('total: 12\n', 'text/html') : TODAY(one)),
      /^total +acme +200 +200 +Content-Type 'text\/html' instead of 'text\/plain'$/im,
    ],
  ]
  for (const [name, what, reaction, says] of planted) {
    set.recorder.react(reaction)
    const { code, text } = await deliveries.run()
    t.equal(code, 1, what)
    t.match(text, says)
    t.match(text, /^4 deliveries, 3 as recorded, 1 not$/m)
    const { code: same, text: json } = await deliveries.run({ json: true })
    const { deliveries: rows, differ } = JSON.parse(json)
    t.equal(same, 1)
    t.equal(differ, 1)
    const changed = rows.filter((row: { differences: string[] }) => row.differences.length > 0)
    t.same(
      changed.map((row: { delivery: string }) => row.delivery),
      [name],
    )
  }
})

t.test('time, ids and the order of headers are no difference', async t => {
  const { set, deliveries } = await rehearsal(t)
  await deliveries.recorded()
  set.recorder.react(one =>
    one.target.includes(SYNC)
      ? {
          write: `HTTP/1.1 200 Fine\r\nX-New: 1\r\nX-Flow: total\r\nETag: "2"\r\nDate: ${new Date(1e12).toUTCString()}\r\nContent-Length: 10\r\nContent-Type: text/plain\r\n\r\ntotal: 12\n`,
        }
      : TODAY(one),
  )
  const { code, text } = await deliveries.run()
  t.equal(code, 0, text)
})

t.test('an answer whose body may be any, and one that was changed on purpose', async t => {
  const { set, deliveries } = await rehearsal(t)
  await deliveries.recorded()
  set.recorder.react(one => (one.target.includes(SYNC) ? answer('other') : TODAY(one)))
  t.equal((await deliveries.run()).code, 1)
  const file = join(deliveries.folder, 'total.answer')
  const text = readFileSync(file, 'latin1')
  writeFileSync(file, `# body: any\n${text}`)
  t.equal((await deliveries.run()).code, 0, 'any body')
  writeFileSync(file, text)
  t.equal((await deliveries.run({ again: true })).code, 0)
  t.equal((await deliveries.run()).code, 0, 'recorded again')
})

t.test('what an editor puts after a recorded body is none of it', async t => {
  const { deliveries } = await rehearsal(t)
  await deliveries.recorded()
  for (const name of globSync('*', { cwd: deliveries.folder })) {
    const file = join(deliveries.folder, name)
    writeFileSync(file, `${readFileSync(file, 'latin1')}\n`)
  }
  const { code, text } = await deliveries.run()
  t.equal(code, 0, text)
})

t.test('a delivery that is taken for a repeat did not run, and is no pass', async t => {
  const set = await stage(t, { map: MAP, recorder: { reaction: TODAY } })
  const deliveries = new Rehearsal(t, set)
  await deliveries.run({ record: [deliveries.capture('push.http')] })
  const { code, text } = await deliveries.run()
  t.equal(code, 1)
  t.match(text, /^push +github +204 +200 +taken for a repeat and not run/m)
  const file = join(deliveries.folder, 'push.http')
  writeFileSync(file, `# fresh: main\n${readFileSync(file, 'latin1')}`)
  t.equal((await deliveries.run()).code, 0)
  t.equal((await deliveries.run()).code, 0, 'an id of its own each time')
  const bodies = set.recorder.requests.slice(1).map(({ body }) => body.toString())
  t.equal(new Set(bodies).size, 2)
  t.match(bodies[0], /^\{"ref":"[0-9a-f-]{36}"\}$/)
})

t.test(
  'nothing passes in silence: no answer, no recorded answer, an empty folder, no instance',
  async t => {
    const { set, deliveries } = await rehearsal(t)
    await deliveries.recorded()
    writeFileSync(join(deliveries.folder, 'total.answer'), 'nonsense')
    const { code, text } = await deliveries.run({ ca: undefined })
    t.equal(code, 1)
    t.match(text, /4 deliveries, 0 as recorded, 4 not/)
    t.match(text, /paid +stripe +204 +- +https:\/\/127.0.0.1:\d+: .*certificate/)
    t.match((await deliveries.run()).text, /total\.answer: expected a status line/)
    const nowhere = deliveries.run({ folder: join(deliveries.folder, '..', 'captures', 'none') })
    await t.rejects(nowhere, { message: /holds no delivery/ })
    for (const to of [undefined, 'staging', 'https://staging/webhooks', 'ftp://staging'])
      await t.rejects(deliveries.run({ to }), { code: 'usage' })
    t.equal(set.recorder.requests.length, 8)
  },
)

t.test(
  'a capture whose path is nobody`s needs a provider, and no file is written twice',
  async t => {
    const { deliveries } = await rehearsal(t)
    const record = [deliveries.capture('push.http')]
    t.equal((await deliveries.run({ record })).code, 0)
    await t.rejects(deliveries.run({ record }), { message: /is there already/ })
    const odd = deliveries.capture('odd.http')
    writeFileSync(odd, (CAPTURES['push.http'] ?? '').replace(FLOW, FLOW.replace('0b', '0c')))
    await t.rejects(deliveries.run({ record: [odd] }), { message: /is no path of the map/ })
    t.equal((await deliveries.run({ record: [odd], provider: 'github' })).code, 0)
    t.match((await deliveries.run()).text, /^odd +github +404 +404/m)
  },
)

t.test('a secret that stands in a delivery in clear is not written down', async t => {
  const { deliveries } = await rehearsal(t)
  const leak = deliveries.capture('leak.http')
  writeFileSync(leak, `${CAPTURES['push.http']} ${ENV.GITHUB}`)
  await t.rejects(deliveries.run({ record: [leak] }), {
    message: /env:GITHUB stands in it in clear/,
  })
  t.same(globSync('*', { cwd: deliveries.folder }), [])
})
