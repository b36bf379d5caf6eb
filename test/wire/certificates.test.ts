import { mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { connect as connectTls } from 'node:tls'
import t, { type Test } from 'tap'
import { certify, type Pair } from '../support/authority.ts'
import { type Connection, connect, exchange, type Pieces } from '../support/sender.ts'
import { GITHUB, genuine, PROVIDERS, SLACK, type Stage, type StageOptions, stage } from './stage.ts'

const HOUR = 3600e3
const [first, second, third] = await Promise.all([
  certify({ name: 'first.example' }),
  certify({ name: 'second.example', names: ['second.example', '*.wild.example'] }),
  certify({ name: 'third.example' }),
])
const root = await certify({ name: 'Root', authority: true })
const middle = await certify({ name: 'Middle', authority: true, by: root })
const chained = await certify({ name: 'chained.example', by: middle })
const ended = await certify({
  name: 'ended.example',
  from: new Date('2020-01-01'),
  until: new Date('2021-01-01'),
})

let sent = 0
const delivery = (): Pieces => genuine('github', GITHUB, `{"n":${++sent}}`)

/** A stage whose certificates stand in files. */
async function withFiles(t: Test, pairs: readonly Pair[], options: StageOptions = {}) {
  const folder = t.testdir({})
  const files = pairs.map((pair, i) => {
    const paths = { cert: join(folder, `${i}.crt`), key: join(folder, `${i}.key`) }
    put(paths, pair)
    return paths
  })
  const tls = files.map(({ cert, key }) => `{ cert: ${cert}, key: ${key} }`).join(', ')
  const on = await stage(t, { ...options, listen: `tls: [${tls}]` })
  return { on, folder, files }
}

/** Replaces both files, each by one rename. */
function put(paths: { readonly cert: string; readonly key: string }, pair: Pair): void {
  writeFileSync(`${paths.cert}.new`, pair.cert)
  writeFileSync(`${paths.key}.new`, pair.key)
  renameSync(`${paths.cert}.new`, paths.cert)
  renameSync(`${paths.key}.new`, paths.key)
}

/** The common name of what a handshake shows. */
async function shown(port: number, servername = 'anything.example'): Promise<string> {
  const connection = await connect(port, { servername })
  const name = connection.socket.getPeerX509Certificate()?.subject.replace('CN=', '') ?? ''
  connection.destroy()
  return name
}

/** Lets the watcher look until something came of it. */
async function looked(on: Stage, renewed: number, failed: number): Promise<void> {
  const told = async () => {
    const metrics = await on.hookwarden.metrics()
    const count = (result: string) =>
      metrics.get(`hookwarden_tls_reloads_total{result="${result}"}`)
    return count('renewed') === renewed && count('failed') === failed
  }
  await on.until(async () => {
    on.clock.advance(1_000)
    return told()
  })
}

t.test(
  'the name that is asked for chooses the certificate, in any case; the first is for the rest',
  async t => {
    const { on } = await withFiles(t, [first, second, third])
    const cases: readonly (readonly [asked: string, shown: string])[] = [
      ['first.example', 'first.example'],
      ['second.example', 'second.example'],
      ['SECOND.Example', 'second.example'],
      ['a.wild.example', 'second.example'],
      ['A.WILD.EXAMPLE', 'second.example'],
      ['a.b.wild.example', 'first.example'],
      ['third.example', 'third.example'],
      ['unknown.example', 'first.example'],
      ['', 'first.example'],
    ]
    for (const [asked, name] of cases) t.equal(await shown(on.port, asked), name, asked)
  },
)

t.test(
  'certificates are read again when their files change, links and renames included',
  async t => {
    const folder = t.testdir({})
    const revision = (name: string, pair: Pair) => {
      mkdirSync(join(folder, name))
      writeFileSync(join(folder, name, 'tls.crt'), pair.cert)
      writeFileSync(join(folder, name, 'tls.key'), pair.key)
      symlinkSync(name, join(folder, '..data_tmp'))
      renameSync(join(folder, '..data_tmp'), join(folder, '..data'))
    }
    revision('..1', first)
    for (const file of ['tls.crt', 'tls.key']) symlinkSync(`..data/${file}`, join(folder, file))
    const [cert, key] = [join(folder, 'tls.crt'), join(folder, 'tls.key')]
    const on = await stage(t, { listen: `tls: [{ cert: ${cert}, key: ${key} }]` })
    t.equal(await shown(on.port), 'first.example')
    revision('..2', second)
    rmSync(join(folder, '..1'), { recursive: true })
    await looked(on, 1, 0)
    t.equal(await shown(on.port), 'second.example', 'as Kubernetes swaps them')
    revision('..3', third)
    await looked(on, 2, 0)
    t.equal(await shown(on.port), 'third.example', 'more than once')
    put({ cert, key }, first)
    await looked(on, 3, 0)
    t.equal(await shown(on.port), 'first.example', 'and as others rename files')
    const metrics = await on.hookwarden.metrics()
    const gauge = 'hookwarden_tls_certificate_not_after_timestamp_seconds'
    t.ok((metrics.get(`${gauge}{name="first.example"}`) ?? 0) > Date.now() / 1000)
    t.equal(metrics.get(`${gauge}{name="third.example"}`), undefined)
  },
)

/** What does not replace a sound pair, and what is told of it. */
const BROKEN: readonly (readonly [what: string, pair: Pair, problem: RegExp])[] = [
  ['a key of another certificate', { cert: second.cert, key: third.key }, /mismatch/],
  ['no certificate', { cert: 'nothing', key: second.key }, /holds no certificate in PEM/],
  ['half a certificate', { cert: second.cert.slice(0, 300), key: second.key }, /no certificate/],
  ['half a key', { cert: second.cert, key: second.key.slice(0, 80) }, /cannot be used/],
  [
    'a chain out of order',
    { cert: chained.cert + root.cert + middle.cert, key: chained.key },
    /Root did not issue chained\.example/,
  ],
  ['one that has ended', ended, /it has ended \(2021-01-01T/],
]

t.test('what cannot be served replaces nothing, and is told once', async t => {
  const { on, files } = await withFiles(t, [first])
  const [paths = { cert: '', key: '' }] = files
  for (const [i, [what, pair, problem]] of BROKEN.entries()) {
    put(paths, pair)
    await looked(on, 0, i + 1)
    t.equal(await shown(on.port), 'first.example', what)
    on.clock.advance(5_000)
    await looked(on, 0, i + 1)
    const lines = on.hookwarden.lines.filter(({ level }) => level === 'error')
    t.equal(lines.length, i + 1)
    t.match(lines.at(-1)?.problem, problem, what)
    t.match(lines.at(-1)?.problem, paths.cert)
  }
  const gauge = 'hookwarden_tls_last_reload_successful'
  t.equal((await on.hookwarden.metrics()).get(gauge), 0)
  rmSync(paths.key)
  await looked(on, 0, BROKEN.length + 1)
  on.clock.advance(1_000)
  t.match(on.hookwarden.lines.at(-1)?.problem, /cannot read .*0\.key \(ENOENT\)/)
  put(paths, { cert: chained.cert + middle.cert, key: chained.key })
  await looked(on, 1, BROKEN.length + 1)
  t.equal(await shown(on.port), 'chained.example', 'a sound one comes in after that')
  t.equal((await on.hookwarden.metrics()).get(gauge), 1)
})

t.test('of two pairs the sound one is renewed, whatever the other is', async t => {
  const { on, files } = await withFiles(t, [first, second])
  put(files[0] ?? { cert: '', key: '' }, third)
  put(files[1] ?? { cert: '', key: '' }, { cert: second.cert, key: third.key })
  await looked(on, 0, 1)
  t.equal(await shown(on.port), 'third.example')
  t.equal(await shown(on.port, 'second.example'), 'second.example')
})

/** A session of a connection, when the server has given one. */
async function sessionOf(port: number, options: object = {}): Promise<Buffer> {
  const connection = await connect(port, options)
  // in TLS 1.2 it came with the handshake
  const early = connection.socket.getProtocol() === 'TLSv1.2' && connection.socket.getSession()
  const session = new Promise<Buffer>(resolve => connection.socket.once('session', resolve))
  await asked(connection)
  const got = early || (await session)
  connection.destroy()
  return got
}

async function resumes(port: number, session: Buffer, options: object = {}): Promise<boolean> {
  const connection = await connect(port, { ...options, session })
  const { resumed } = connection
  connection.destroy()
  return resumed
}

for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
  t.test(
    `${version}: a session is resumed until the keys of tickets or the certificates change`,
    async t => {
      const { on, files } = await withFiles(t, [first])
      const options = { minVersion: version, maxVersion: version }
      const begun = await sessionOf(on.port, options)
      t.ok(await resumes(on.port, begun, options))
      on.clock.advance(13 * HOUR)
      t.notOk(await resumes(on.port, begun, options), 'not under keys of yesterday')
      const later = await sessionOf(on.port, options)
      t.ok(await resumes(on.port, later, options))
      put(files[0] ?? { cert: '', key: '' }, second)
      await looked(on, 1, 0)
      t.notOk(await resumes(on.port, later, options), 'not after another certificate')
      t.ok(await resumes(on.port, await sessionOf(on.port, options), options))
    },
  )
}

t.test('a second handshake on a connection is refused', async t => {
  const on = await stage(t)
  const options = { host: '127.0.0.1', port: on.port, rejectUnauthorized: false }
  const socket = connectTls({ ...options, maxVersion: 'TLSv1.2' })
  await new Promise(resolve => socket.once('secureConnect', resolve))
  const outcome = await new Promise(resolve => {
    socket.once('error', error => resolve((error as NodeJS.ErrnoException).code))
    socket.renegotiate({ rejectUnauthorized: false }, error => resolve(error ? 'refused' : 'done'))
  })
  t.not(outcome, 'done')
  socket.destroy()
  t.equal((await exchange(on.port, delivery()))?.status, 204, 'others are served')
})

t.test(
  'old versions, weak suites and groups that are no curves find nothing in common',
  async t => {
    const on = await stage(t)
    const fails = async (options: object) => {
      const socket = connectTls({
        port: on.port,
        rejectUnauthorized: false,
        minVersion: 'TLSv1',
        ...options,
      })
      return new Promise<boolean>(resolve => {
        socket.once('error', () => resolve(true))
        socket.once('secureConnect', () => {
          socket.destroy()
          resolve(false)
        })
      })
    }
    const two = { maxVersion: 'TLSv1.2' }
    t.notOk(await fails({ ...two, ciphers: 'ECDHE-ECDSA-AES128-GCM-SHA256' }))
    t.ok(await fails({ ...two, ciphers: 'ECDHE-ECDSA-AES128-SHA256' }), 'CBC')
    t.ok(await fails({ ...two, ciphers: 'ECDHE-ECDSA-AES256-SHA' }), 'CBC with SHA-1')
    t.ok(await fails({ ...two, ciphers: 'AES128-GCM-SHA256' }), 'RSA key exchange')
    t.ok(await fails({ ...two, ciphers: 'DHE-RSA-AES128-GCM-SHA256' }), 'finite fields')
    t.ok(await fails({ maxVersion: 'TLSv1.1', ciphers: 'ALL@SECLEVEL=0' }))
    t.ok(await fails({ ecdhCurve: 'ffdhe2048' }), 'finite fields in TLS 1.3')
    t.notOk(await fails({ ecdhCurve: 'X25519' }))
    t.notOk(await fails({ ecdhCurve: 'P-256' }))
  },
)

// ---- certificates of senders --------------------------------------------------------------------------------

const other = await certify({ name: 'Other root', authority: true })
const client = await certify({ name: 'client.example', by: middle })
const direct = await certify({ name: 'direct', names: ['client.example'], by: root })
const foreign = await certify({ name: 'client.example', by: other })
const misnamed = await certify({ name: 'other.example', by: root })
const late = await certify({
  name: 'client.example',
  by: root,
  from: new Date('2020-01-01'),
  until: new Date('2021-01-01'),
})
const own = await certify({ name: 'client.example' })
const withMiddle = { cert: client.cert + middle.cert, key: client.key }

/** GitHub has to show a certificate of one authority, Slack of another, all others none. */
async function asking(t: Test) {
  const folder = t.testdir({ 'a.pem': root.cert, 'b.pem': other.cert })
  const asked = (file: string) =>
    `client_certificate: { ca: ${join(folder, file)}, subject: Client.Example },`
  const map = PROVIDERS.replace('github: {', `github: { ${asked('a.pem')}`).replace(
    'slack: {',
    `slack: { ${asked('b.pem')}`,
  )
  return { on: await stage(t, { map }), folder }
}

const status = async (on: Stage, options: object) =>
  (await exchange(on.port, delivery(), options))?.status

for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
  const options = { minVersion: version, maxVersion: version }

  t.test(`${version}: a provider that asks for a certificate takes its sender's alone`, async t => {
    const { on } = await asking(t)
    const cases: readonly (readonly [what: string, pair: Pair | undefined, status: number])[] = [
      ['none', undefined, 403],
      ['by way of the authority that came with it', withMiddle, 204],
      ['of the authority itself, under its other name', direct, 204],
      ['without the authority between', client, 403],
      ["of another provider's authority", foreign, 403],
      ['for another name', misnamed, 403],
      ['one that has ended', late, 403],
      ['signed by itself', own, 403],
    ]
    for (const [what, pair, expected] of cases)
      t.equal(await status(on, { ...options, ...pair }), expected, what)
    const slack = () => genuine('slack', SLACK, `{"n":${++sent}}`)
    const asSlack = async (pair: Pair) =>
      (await exchange(on.port, slack(), { ...options, ...pair }))?.status
    t.equal(await asSlack(foreign), 204)
    t.equal(await asSlack(direct), 403, 'each provider has its own authority')
    const stripe = genuine('stripe', '/in/stripe', '{"a":1}')
    t.equal((await exchange(on.port, stripe, options))?.status, 204, 'others need none')
    t.equal(
      (
        await exchange(on.port, genuine('gitlab', '/in/gitlab', '{"a":1}'), {
          ...options,
          ...own,
        })
      )?.status,
      204,
      'and are not harmed by one that proves nothing',
    )
  })

  t.test(`${version}: a resumed session proves what its first handshake did`, async t => {
    const { on, folder } = await asking(t)
    const session = await sessionOf(on.port, { ...options, ...withMiddle })
    const again = await connect(on.port, { ...options, session })
    t.ok(again.resumed)
    t.equal(await asked(again), 204)
    again.destroy()
    const bare = await sessionOf(on.port, options)
    const nobody = await connect(on.port, { ...options, session: bare })
    t.equal(await asked(nobody), 403, 'and no more than that')
    nobody.destroy()
    const kept = await connect(on.port, { ...options, ...withMiddle })
    t.equal(await asked(kept), 204)
    renameSync(join(folder, 'b.pem'), join(folder, 'a.pem'))
    writeFileSync(join(folder, 'b.pem'), root.cert)
    await looked(on, 1, 0)
    t.equal(
      await asked(kept),
      403,
      'an authority that is gone proves nothing on an open connection',
    )
    await kept.closed
    t.notOk(await resumes(on.port, session, { ...options, ...withMiddle }))
    t.equal(await status(on, { ...options, ...withMiddle }), 403)
    t.equal(await status(on, { ...options, ...foreign }), 204)
  })
}

t.test(
  'a sender that showed none, or a wrong one, is refused on this connection alone',
  async t => {
    const { on } = await asking(t)
    const [one, two] = [delivery(), delivery()]
    for (const pair of [undefined, foreign]) {
      const connection = await connect(on.port, { ...pair })
      await connection.send(delivery())
      const answer = await connection.readAnswer()
      t.equal(answer.status, 403)
      t.equal(answer.header('connection'), 'close', 'the next one may show another')
      await connection.closed
    }
    const pipelined = await connect(on.port)
    await pipelined.write(Buffer.concat([...one, ...two]))
    t.equal((await pipelined.readAnswer()).status, 403)
    await pipelined.closed
    const kept = await connect(on.port, { ...direct })
    for (let i = 0; i < 2; i++) t.equal(await asked(kept), 204)
    kept.destroy()
  },
)

async function asked(connection: Connection): Promise<number> {
  const answer = connection.readAnswer()
  await connection.send(delivery())
  return (await answer).status
}

t.test('an authority file that cannot be used changes nothing', async t => {
  const { on, folder } = await asking(t)
  writeFileSync(join(folder, 'a.pem'), client.cert)
  await looked(on, 0, 1)
  on.clock.advance(1_000)
  t.match(on.hookwarden.lines.at(-1)?.problem, /a\.pem: client\.example is no authority/)
  t.equal(await status(on, withMiddle), 204)
})

t.test(
  'six swaps under load, two of them of broken pairs, fail no handshake and no delivery',
  async t => {
    const { on, files } = await withFiles(t, [first], {
      map: `defaults: { limits: { per_address: 100000/1m } }\nlimits: { verified: 100000/1s }${PROVIDERS}`,
    })
    const [paths = { cert: '', key: '' }] = files
    const outcomes = new Map<unknown, number>()
    const names = new Set<string>()
    let over = false
    const sender = async (): Promise<void> => {
      const kept = await connect(on.port)
      while (!over) {
        const outcome = await load(on.port, kept, names)
        outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1)
      }
      kept.destroy()
    }
    const senders = Array.from({ length: 6 }, sender)
    const broken = { cert: second.cert, key: third.key }
    const swaps: readonly (readonly [pair: Pair, renewed: number, failed: number])[] = [
      [second, 1, 0],
      [broken, 1, 1],
      [third, 2, 1],
      [first, 3, 1],
      [{ cert: 'x', key: 'x' }, 3, 2],
      [second, 4, 2],
    ]
    for (const [pair, renewed, failed] of swaps) {
      put(paths, pair)
      await looked(on, renewed, failed)
      const done = (outcomes.get(204) ?? 0) + 20
      await on.until(() => (outcomes.get(204) ?? 0) >= done || outcomes.size > 1)
    }
    over = true
    await Promise.all(senders)
    t.same([...outcomes.keys()], [204])
    t.same([...names].sort(), ['first.example', 'second.example', 'third.example'])
    const metrics = await on.hookwarden.metrics()
    const failures = [...metrics].filter(([name]) =>
      name.startsWith('hookwarden_tls_handshake_errors'),
    )
    t.ok(failures.length > 0)
    for (const [name, value] of failures) t.equal(value, 0, name)
    t.equal(on.recorder.requests.length, 2 * (outcomes.get(204) ?? 0), 'each arrived once')
  },
)

/** One delivery on a connection that stays and one on a new one; 204, or what went wrong. */
async function load(port: number, kept: Connection, names: Set<string>): Promise<unknown> {
  try {
    const before = await asked(kept)
    if (before !== 204) return before
    const connection = await connect(port)
    names.add(connection.socket.getPeerX509Certificate()?.subject.replace('CN=', '') ?? '')
    const status = await asked(connection)
    connection.destroy()
    return status
  } catch (error) {
    return String(error)
  }
}
