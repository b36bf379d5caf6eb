import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { join } from 'node:path'
import fc from 'fast-check'
import t, { type Test } from 'tap'
import { type SignOptions, sign } from '../../src/commands/sign.ts'
import { PRESETS } from '../../src/presets/presets.ts'
import { type Signer, signRequest } from '../../src/sign/sign.ts'
import { compileScheme } from '../../src/verify/compile.ts'
import type { Scheme } from '../../src/verify/scheme.ts'
import { developmentCertificate } from '../support/certificate.ts'
import { exchange, post } from '../support/sender.ts'
import { type Stage, stage } from './stage.ts'

const SECRET = 'correct-horse-battery-staple-0000'
const PAIR = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const DER = PAIR.publicKey.export({ format: 'der', type: 'spki' }).toString('base64')
const flow = (n: number) => `0b6f0c1e-6b1f-4c57-9a53-00000000000${n}`
/** One of each kind: over the body, the URL, fields of the body, claims, a private key, a token, a name and password. */
const ENTRIES: Readonly<Record<string, string>> = {
  github: 'secret: env:A',
  square: 'secret: env:A, public_url: https://hooks.example.com',
  twilio: 'secret: env:A, public_url: https://hooks.example.com',
  mailgun: 'secret: env:A',
  vonage: 'secret: env:A',
  sendgrid: `public_key: "${DER}"`,
  gitlab: 'secret: env:A',
  postmark: 'secret: env:A, username: hooks',
}
const PROVIDERS = `
providers:
${Object.entries(ENTRIES)
  .map(([name, entry], i) => `  ${name}: { ${entry}, path: /in/${name}, to: flow:${flow(i)} }`)
  .join('\n')}
`
const BODIES: Readonly<Record<string, string>> = {
  twilio: 'CallSid=CA1&Digits=1234&To=%2B18005551212',
  mailgun: '{"signature":{"token":"t"},"event-data":{}}',
}

async function send(t: Test, set: Stage, provider: string, change: Partial<SignOptions> = {}) {
  const folder = t.testdir({
    'map.yaml': `version: 1\nupstream: http://127.0.0.1:3000${PROVIDERS}`,
    body: BODIES[provider] ?? '{"a":1}',
    'key.pem': String(PAIR.privateKey.export({ format: 'pem', type: 'pkcs8' })),
  })
  const out: string[] = []
  const { certFile } = await developmentCertificate()
  const options: SignOptions = {
    provider,
    config: join(folder, 'map.yaml'),
    body: join(folder, 'body'),
    url: `https://127.0.0.1:${set.port}`,
    key: join(folder, 'key.pem'),
    ca: certFile,
    header: [],
    previous: false,
    send: true,
    insecure: false,
    json: false,
    dev: true,
    ...change,
  }
  const code = await sign(options, {
    sources: { env: { A: SECRET }, readFile: () => new Uint8Array(), dev: true },
    terminal: {
      out: text => void out.push(text),
      err: text => void out.push(text),
      paint: (_, text) => text,
    },
    now: set.clock.wall(),
  })
  return { code, text: out.join('\n') }
}

t.test('what sign sends for any kind of sender is taken, and arrives', async t => {
  const set = await stage(t, { map: PROVIDERS, env: { A: SECRET } })
  for (const provider of Object.keys(ENTRIES)) {
    const { code, text } = await send(t, set, provider)
    t.equal(text, '204 No Content', provider)
    t.equal(code, 0, provider)
  }
  t.equal(set.recorder.requests.length, Object.keys(ENTRIES).length)
})

t.test('a refusal is printed as it is answered, exit 1', async t => {
  const set = await stage(t, { map: PROVIDERS, env: { A: 'another-secret-of-32-characters0' } })
  const { code, text } = await send(t, set, 'github')
  t.equal(code, 1)
  t.match(text, /^401 Unauthorized\n\{"error":"signature","request_id":"[\w-]+"\}\n$/)
  const { text: json } = await send(t, set, 'github', { json: true })
  t.match(JSON.parse(json), { status: 401, body: /signature/ })
})

t.test('a certificate that nobody vouches for takes a word', async t => {
  const set = await stage(t, { map: PROVIDERS, env: { A: SECRET } })
  await t.rejects(send(t, set, 'github', { ca: undefined }), {
    message: /`--ca FILE` or `--insecure`/,
  })
  t.equal((await send(t, set, 'github', { ca: undefined, insecure: true })).code, 0)
})

/** Whose signature covers every byte of the body, one or more of each family. */
const WHOLE: readonly string[] = [
  'github',
  'stripe',
  'svix',
  'square',
  'cloudinary',
  'walmart',
  'vonage',
  'sendgrid',
  'discord',
]

t.test(
  'for any body and secret: what is signed is taken, and with one bit changed it is not',
  async t => {
    const secret = `whsec_${Buffer.from(fc.sample(fc.uint8Array({ minLength: 24, maxLength: 24 }), 1)[0] ?? []).toString('base64')}`
    const keys = generateKeyPairSync('ed25519')
    const needs: Readonly<Record<string, string>> = {
      sendgrid: `public_key: "${DER}"`,
      square: 'secret: env:A, public_url: https://hooks.example.com',
      discord: `public_key: "${Buffer.from(String(keys.publicKey.export({ format: 'jwk' }).x), 'base64url').toString('hex')}"`,
    }
    const map = `
limits: { verified: 100000/1s }
defaults: { limits: { per_address: 100000/1s } }
providers:
${WHOLE.map((name, i) => `  ${name}: { ${needs[name] ?? 'secret: env:A'}, path: /in/${name}, to: flow:${flow(i)} }`).join('\n')}
`
    const set = await stage(t, { map, env: { A: secret } })
    let made = 0
    const fresh = () => `fresh-${made++}`
    for (const name of WHOLE) {
      const scheme = PRESETS[name]?.scheme as Scheme
      const compiled = compileScheme(scheme, { publicUrl: 'https://hooks.example.com' })
      assert(!Array.isArray(compiled))
      const byKey = compiled.proves === 'public_key'
      const privateKey = name === 'discord' ? keys.privateKey : PAIR.privateKey
      const signer: Signer = {
        scheme,
        compiled,
        secret: byKey ? undefined : Buffer.from(secret),
        privateKey: byKey ? privateKey : undefined,
      }
      await fc.assert(
        fc.asyncProperty(fc.uint8Array({ maxLength: 300 }), fc.nat(), async (bytes, at) => {
          // no two alike: the same delivery again is a repetition
          const body = Buffer.concat([Buffer.from(`${made++} `), bytes])
          const request = {
            method: 'POST',
            target: `/in/${name}`,
            headers: [['Content-Type', 'application/json']] as const,
            body,
          }
          const signed = signRequest(signer, request, { now: set.clock.wall(), fresh })
          assert(!('problem' in signed), JSON.stringify(signed))
          const forged = Buffer.from(signed.body)
          const index = at % forged.length
          forged[index] = (forged[index] ?? 0) ^ (1 << (at % 8))
          const { target, headers } = signed
          assert.equal(
            (await exchange(set.port, post({ target, headers, body: forged })))?.status,
            401,
          )
          assert.equal((await exchange(set.port, post({ target, headers, body })))?.status, 204)
        }),
        { numRuns: 15 },
      )
      t.pass(`${name}: no counter-example`)
    }
  },
)
