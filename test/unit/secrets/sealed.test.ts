import assert from 'node:assert/strict'
import fc from 'fast-check'
import t from 'tap'
import nacl from 'tweetnacl'
import { resolveSecret, type SecretSources } from '../../../src/secrets/resolve.ts'
import { seal, unseal } from '../../../src/secrets/seal.ts'
import {
  makeSealingKey,
  publicTextOf,
  readPrivateHalf,
  readPublicHalf,
} from '../../../src/secrets/sealing-key.ts'
import { Secret } from '../../../src/secrets/secret.ts'

const SECRET = 'whsec_0123456789abcdef'

/** A sealing key, both as text and as bytes. */
function keys() {
  const texts = makeSealingKey()
  const publicKey = readPublicHalf(texts.publicText)
  const opening = readPrivateHalf(texts.privateText)
  assert(typeof publicKey !== 'string' && typeof opening !== 'string')
  return { ...texts, publicKey, opening }
}

const OURS = keys()
const OTHERS = keys()
const BOX = seal(Buffer.from(SECRET), OURS.publicKey)

function sources(env: SecretSources['env'], files: Record<string, string> = {}): SecretSources {
  return {
    env,
    dev: false,
    readFile(path) {
      const text = files[path]
      if (text === undefined) throw new Error(`${path}: not here`)
      return Buffer.from(text)
    },
  }
}

function textOf(ref: string, from: SecretSources): string {
  const found = resolveSecret(ref, from)
  return found instanceof Secret ? Buffer.from(found.bytes).toString() : `problem: ${found.problem}`
}

t.test('what is sealed with the public half opens with the private half alone', async t => {
  t.same(Buffer.from(unseal(BOX, [OURS.opening])).toString(), SECRET)
  t.equal(unseal(BOX, [OTHERS.opening]), 'other_key')
  t.equal(unseal(BOX, []), 'other_key')
  t.not(seal(Buffer.from(SECRET), OURS.publicKey), BOX, 'no two boxes are alike')
  t.notMatch(Buffer.from(BOX, 'base64').toString('latin1'), SECRET)
})

t.test('any bytes come out as they went in', async t => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 1, maxLength: 200 }), bytes => {
      const opened = unseal(seal(bytes, OURS.publicKey), [OTHERS.opening, OURS.opening])
      return typeof opened !== 'string' && Buffer.from(opened).equals(bytes)
    }),
    { numRuns: 10 },
  )
  t.pass('no counter-example')
})

t.test('a box that was changed anywhere, or cut, does not open', async t => {
  const bytes = Buffer.from(BOX, 'base64')
  const seen = new Set<string>()
  for (let at = 0; at < bytes.length; at += 3) {
    const changed = Buffer.from(bytes)
    changed[at] = (changed[at] ?? 0) ^ 1
    const problem = unseal(changed.toString('base64'), [OURS.opening])
    t.type(problem, 'string', `byte ${at}`)
    seen.add(String(problem))
  }
  t.same([...seen].sort(), ['changed', 'other_key', 'other_version'])
  t.equal(unseal(bytes.subarray(0, -1).toString('base64'), [OURS.opening]), 'changed')
  t.equal(unseal(bytes.subarray(0, 50).toString('base64'), [OURS.opening]), 'not_sealed')
  t.equal(unseal(`${BOX}!`, [OURS.opening]), 'not_sealed')
})

t.test('the box is the one of NaCl, as another reader opens it', async t => {
  const bytes = Buffer.from(BOX, 'base64')
  t.equal(bytes[0], 1)
  t.same(bytes.subarray(1, 9), Buffer.from(nacl.hash(OURS.publicKey)).subarray(0, 8))
  const once = bytes.subarray(9, 41)
  const nonce = nacl.hash(Buffer.concat([once, OURS.publicKey])).subarray(0, 24)
  const opened = nacl.box.open(bytes.subarray(41), nonce, once, OURS.opening.secretKey.bytes)
  t.equal(Buffer.from(opened ?? []).toString(), SECRET)
})

t.test('the halves of a key are told apart, and a slip of the hand is seen', async t => {
  t.equal(publicTextOf(OURS.opening.publicKey), OURS.publicText)
  t.match(readPublicHalf(OURS.privateText), /private half/)
  t.match(readPrivateHalf(OURS.publicText), /public half/)
  for (const text of ['', 'hwpub_', 'hwpub_AAAA', SECRET]) {
    t.type(readPublicHalf(text), 'string', text)
    t.type(readPrivateHalf(text), 'string', text)
  }
  for (let at = 6; at < OURS.publicText.length; at++) {
    const other = OURS.publicText[at] === 'A' ? 'B' : 'A'
    const text = OURS.publicText.slice(0, at) + other + OURS.publicText.slice(at + 1)
    t.type(readPublicHalf(text), 'string', `character ${at}`)
  }
  t.notMatch(String(readPrivateHalf(`${OURS.privateText}x`)), OURS.privateText.slice(6, 20))
})

t.test('a sealed reference opens with a private half from the environment or a file', async t => {
  const ref = `sealed:${BOX}`
  const { privateText } = OURS
  t.equal(textOf(ref, sources({ HOOKWARDEN_SEAL_KEY: privateText })), SECRET)
  const file = `# private half of ${OURS.publicText}\n${privateText}\n`
  t.equal(textOf(ref, sources({ HOOKWARDEN_SEAL_KEY_FILE: '/k' }, { '/k': file })), SECRET)
})

t.test('while a sealing key is replaced, each secret opens with its own', async t => {
  const old = `sealed:${seal(Buffer.from('the-old-one-0123456789'), OTHERS.publicKey)}`
  const both = [
    sources({ HOOKWARDEN_SEAL_KEY: `${OTHERS.privateText} ${OURS.privateText}` }),
    sources(
      { HOOKWARDEN_SEAL_KEY: OURS.privateText, HOOKWARDEN_SEAL_KEY_FILE: '/k' },
      { '/k': OTHERS.privateText },
    ),
  ]
  for (const from of both) {
    t.equal(textOf(`sealed:${BOX}`, from), SECRET)
    t.equal(textOf(old, from), 'the-old-one-0123456789')
    t.equal(textOf(old, from), 'the-old-one-0123456789', 'and once more')
  }
})

t.test('what cannot be opened is named by its end, with what to do', async t => {
  const end = BOX.slice(-8)
  const ours = { HOOKWARDEN_SEAL_KEY: OURS.privateText }
  const short = seal(Buffer.from('hunter2'), OURS.publicKey)
  const cases: readonly [string, SecretSources, string][] = [
    [BOX, sources({}), 'nothing to open sealed secrets with: set HOOKWARDEN_SEAL_KEY_FILE or'],
    [BOX, sources({ HOOKWARDEN_SEAL_KEY: '' }), 'nothing to open sealed secrets with'],
    [BOX, sources({ HOOKWARDEN_SEAL_KEY_FILE: '/no' }), 'names a file that cannot be read'],
    [
      BOX,
      sources({ HOOKWARDEN_SEAL_KEY: OURS.publicText }),
      'HOOKWARDEN_SEAL_KEY holds a public half: opening needs the private one',
    ],
    [
      BOX,
      sources({ HOOKWARDEN_SEAL_KEY: OTHERS.privateText }),
      `sealed:…${end} was sealed to another key than those at hand`,
    ],
    [`${BOX.slice(0, 80)}AAAA${BOX.slice(84)}`, sources(ours), `sealed:…${end} was changed`],
    [short, sources(ours), `sealed:…${short.slice(-8)} has 7 bytes, fewer than 16`],
  ]
  for (const [box, from, problem] of cases) {
    const said = textOf(`sealed:${box}`, from)
    t.ok(said.startsWith('problem: ') && said.includes(problem), said)
    t.notMatch(said, /hunter2|hwkey_[A-Za-z0-9]/)
  }
})
