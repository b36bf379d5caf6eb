import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { generateKeyPairSync } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import t, { type Test } from 'tap'
import type { World } from '../../../src/commands/asked.ts'
import { quoted } from '../../../src/commands/curl.ts'
import { type SignOptions, sign } from '../../../src/commands/sign.ts'
import { verify } from '../../../src/commands/verify.ts'

const NOW = Date.UTC(2026, 10, 25, 10)
const SECRET = 'correct-horse-battery-staple-0000'
const OLD = 'the-old-secret-of-32-characters-0'
const PAIR = generateKeyPairSync('ed25519')
const flow = (n: number) => `0b6f0c1e-6b1f-4c57-9a53-00000000000${n}`
const MAP = `version: 1
upstream: http://127.0.0.1:3000
listen: { https: 0.0.0.0:8443 }
providers:
  github: { secrets: [env:A, env:OLD], flows: [${flow(1)}] }
  stripe: { secret: env:A, path: /in/stripe, to: flow:${flow(2)} }
  square: { secret: env:A, path: /in/square, to: flow:${flow(6)}, public_url: https://hooks.example.com }
  mailgun: { secret: env:A, path: /in/mailgun, to: flow:${flow(3)} }
  fal: { path: /in/fal, to: flow:${flow(4)}, public_key: "${String(PAIR.publicKey.export({ format: 'jwk' }).x)}", key_format: base64url }
  open: { scheme: { none: a sender that cannot sign }, path: /in/open, to: flow:${flow(5)} }
`

interface Ran {
  readonly code: number
  readonly text: string
  readonly folder: string
}

function world(out: (text: string) => void): World {
  return {
    sources: { env: { A: SECRET, OLD }, readFile: () => Buffer.from(''), dev: true },
    terminal: { out, err: out, paint: (_, text) => text },
    now: NOW,
  }
}

/** Signs with the map; names of files that begin with `./` are those of the test's folder. */
async function run(
  t: Test,
  provider: string,
  change: Partial<SignOptions> = {},
  files: Readonly<Record<string, string>> = {},
): Promise<Ran> {
  const folder = t.testdir({ 'map.yaml': MAP, 'body.json': '{"a":1}', ...files })
  const out: string[] = []
  const here = (file: string | undefined) => file?.replace(/^\.\//, `${folder}/`)
  const { body = './body.json', key, out: written, ca } = change
  const options: SignOptions = {
    provider,
    config: join(folder, 'map.yaml'),
    header: [],
    previous: false,
    send: false,
    insecure: false,
    json: false,
    dev: true,
    ...change,
    body: here(body),
    key: here(key),
    out: here(written),
    ca: here(ca),
  }
  const code = await sign(
    options,
    world(text => void out.push(text)),
  )
  const text = out.join('\n')
  t.notMatch(text, SECRET, 'no secret')
  return { code, text, folder }
}

t.test('prints a curl command with the body by its file', async t => {
  const { code, text, folder } = await run(t, 'stripe', { url: 'https://hooks.example.com' })
  t.equal(code, 0)
  t.match(
    text.replace(folder, '.').replace(/[0-9a-f]{64}/, 'MAC'),
    [
      'curl -sS -i -X POST https://hooks.example.com/in/stripe \\',
      "  -H 'Content-Type: application/json' \\",
      `  -H 'stripe-signature: t=${NOW / 1000},v1=MAC' \\`,
      '  --data-binary @./body.json',
    ].join('\n'),
  )
})

t.test('what it prints is what a shell hands to curl, and what verify accepts', async t => {
  const odd = "it's.json"
  const header = ['X-Note: it\'s $HOME `now` "\\']
  for (const provider of ['github', 'stripe']) {
    const { text, folder } = await run(t, provider, { body: `./${odd}`, header }, { [odd]: '{}' })
    const stub = `curl() { for a in "$@"; do printf '%s\\0' "$a"; done; }\n${text}`
    const { stdout, status } = spawnSync('sh', ['-c', stub], { encoding: 'utf8' })
    t.equal(status, 0)
    const words = stdout.split('\0').slice(0, -1)
    const given = (flag: string) => words.flatMap((word, i) => (words[i - 1] === flag ? word : []))
    t.ok(given('-H').includes(header[0] ?? ''))
    t.same(given('--data-binary'), [`@${folder}/${odd}`])
    const url = words.find(word => word.startsWith('https://'))
    writeFileSync(
      join(folder, 'x.http'),
      `# body: @${odd}\nPOST ${url}\n${given('-H').join('\n')}\n\n`,
    )
    t.equal(verified(provider, folder), 0)
  }
})

/** The exit code of `verify` for the capture in a folder. */
function verified(provider: string, folder: string): number {
  const [config, request] = [join(folder, 'map.yaml'), join(folder, 'x.http')]
  return verify(
    { provider, config, request, at: NOW, json: true, dev: true },
    world(() => {}),
  )
}

t.test('any text is one word of a shell', async t => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary-ascii', maxLength: 30 }), text => {
      const clean = text.replaceAll('\0', '')
      const { stdout } = spawnSync('sh', ['-c', `printf %s ${quoted(clean)}x`], {
        encoding: 'latin1',
      })
      assert.equal(stdout, `${clean}x`)
    }),
    { numRuns: 30 },
  )
  t.pass('no counter-example')
})

t.test('the secret, the time, the method and the place can be chosen', async t => {
  const current = await run(t, 'github')
  const previous = await run(t, 'github', { previous: true })
  t.not(previous.text, current.text.replace(current.folder, previous.folder))
  const old = await run(t, 'stripe', { at: Date.UTC(2020, 0, 1) })
  t.match(old.text, 't=1577836800,')
  const other = await run(t, 'stripe', {
    url: 'http://127.0.0.1:8080',
    method: 'PUT',
    insecure: true,
  })
  t.match(other.text, /^curl -sS -i -k -X PUT http:\/\/127.0.0.1:8080\/in\/stripe /)
  const whole = await run(t, 'stripe', { url: 'https://a.example/other?x=1', ca: 'ca.pem' })
  t.match(whole.text, "--cacert ca.pem -X POST 'https://a.example/other?x=1'")
  const named = await run(t, 'square')
  t.match(named.text, 'https://hooks.example.com/in/square', 'public_url')
  const own = await run(t, 'github')
  t.match(own.text, `https://127.0.0.1:8443/webhooks/flows/${flow(1)}`, 'its own listener')
})

t.test('a signature that stands in the body is written to a file of its own', async t => {
  const files = { 'body.json': '{"signature":{"token":"t"},"event-data":{"id":1}}' }
  await t.rejects(run(t, 'mailgun', {}, files), { message: /say where to write that with --out/ })
  const { text, folder } = await run(t, 'mailgun', { out: './signed.json' }, files)
  t.match(text, `--data-binary @${folder}/signed.json`)
  const written = readFileSync(join(folder, 'signed.json'), 'utf8')
  t.match(JSON.parse(written), {
    signature: { token: 't', timestamp: NOW / 1000, signature: /^[0-9a-f]{64}$/ },
    'event-data': { id: 1 },
  })
  const capture = '# body: @signed.json\nPOST /in/mailgun\nContent-Type: application/json\n\n'
  writeFileSync(join(folder, 'x.http'), capture)
  t.equal(verified('mailgun', folder), 0)
})

t.test('a private key signs for senders that have one', async t => {
  const pem = String(PAIR.privateKey.export({ format: 'pem', type: 'pkcs8' }))
  const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey
  const files = {
    'key.pem': pem,
    'no.pem': 'hello',
    'rsa.pem': String(rsa.export({ format: 'pem', type: 'pkcs8' })),
  }
  await t.rejects(run(t, 'fal'), { message: /fal: this sender signs with a private key: give one/ })
  await t.rejects(run(t, 'fal', { key: './no.pem' }, files), { message: /no private key in PEM/ })
  await t.rejects(run(t, 'fal', { key: './rsa.pem' }, files), { message: /is of type rsa/ })
  const { text } = await run(t, 'fal', { key: './key.pem' }, files)
  t.match(text, /-H 'x-fal-webhook-signature: [0-9a-f]{128}'/)
  t.notMatch(text, pem.split('\n')[1] ?? '')
})

t.test('--json holds the request', async t => {
  const { text, folder } = await run(t, 'github', { json: true })
  t.match(JSON.parse(text), {
    provider: 'github',
    method: 'POST',
    url: `https://127.0.0.1:8443/webhooks/flows/${flow(1)}`,
    headers: [
      ['Content-Type', 'application/json'],
      ['x-hub-signature-256', /^sha256=[0-9a-f]{64}$/],
    ],
    body: `${folder}/body.json`,
  })
})

t.test('what cannot be signed is a fault that says what to do', async t => {
  const faults: readonly [string, Partial<SignOptions>, RegExp][] = [
    ['githb', {}, /did you mean 'github'/],
    ['open', {}, /cannot prove itself/],
    ['stripe', { body: 'none.json' }, /cannot read none\.json \(ENOENT\)/],
    ['stripe', { url: 'hooks.example.com' }, /is no URL/],
    ['stripe', { header: ['X-A'] }, /expected 'Name: value'/],
    ['stripe', { header: ['X-A: b\r\nX-B: c'] }, /expected 'Name: value'/],
    ['stripe', { previous: true }, /no previous secret/],
    ['stripe', { send: true, url: 'https://127.0.0.1:1' }, /127\.0\.0\.1:1: .*ECONNREFUSED/],
  ]
  for (const [provider, change, message] of faults)
    await t.rejects(run(t, provider, change), { message }, message.source)
})
