import assert from 'node:assert/strict'
import t from 'tap'
import { compareEscrow, makeEscrow, openEscrow } from '../../../src/keys/escrow.ts'
import {
  makeSealingKey,
  readPrivateHalf,
  readPublicHalf,
} from '../../../src/secrets/sealing-key.ts'

const KEYS = {
  ENCRYPTION_KEY: Buffer.from('Vq3kX9_pLm2TzR7wYb5-NcJ8sHd4GfE6aQ1uKiOyZxCvBn0t'),
  WEBHOOK_SECRET_KEY: Buffer.from('9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822c'),
  APP_SECRET_KEY: Uint8Array.of(0, 255, 10, 32),
}

function pair() {
  const { publicText, privateText } = makeSealingKey()
  const [publicKey, opening] = [readPublicHalf(publicText), readPrivateHalf(privateText)]
  assert(typeof publicKey !== 'string' && typeof opening !== 'string')
  return { to: { text: publicText, publicKey }, opening }
}

const OFFLINE = pair()
const MADE = '2026-11-25T10:00:00.000Z'
const TEXT = await makeEscrow(KEYS, OFFLINE.to, MADE)

/** The file with something changed. */
function changed(change: (escrow: Record<string, unknown>) => void): string {
  const escrow = JSON.parse(TEXT) as Record<string, unknown>
  change(escrow)
  return JSON.stringify(escrow)
}

t.test('an escrow opens with the private half alone, byte for byte', async t => {
  const opened = openEscrow(TEXT, [OFFLINE.opening])
  t.match(opened, { made: MADE, tampered: [] })
  assert(typeof opened !== 'string')
  for (const [key, bytes] of Object.entries(KEYS)) {
    t.same(Buffer.from(opened.keys[key as keyof typeof KEYS] ?? []), Buffer.from(bytes), key)
  }
  t.match(openEscrow(TEXT, [pair().opening]), /sealed to another key/)
  t.match(openEscrow(TEXT, []), /sealed to another key/)
})

t.test('its clear part says when, to which key and which keys, and shows none', async t => {
  const escrow = JSON.parse(TEXT)
  t.match(escrow, { hookwarden_escrow: 1, made: MADE, to: OFFLINE.to.text })
  t.same(Object.keys(escrow.fingerprints), Object.keys(KEYS))
  t.notMatch(TEXT, KEYS.ENCRYPTION_KEY.toString())
  t.notMatch(TEXT, KEYS.ENCRYPTION_KEY.toString('base64').slice(0, 40))
})

t.test('it says what was tampered with', async t => {
  const tampered = (text: string) => {
    const opened = openEscrow(text, [OFFLINE.opening])
    return typeof opened === 'string' ? opened : opened.tampered
  }
  t.same(tampered(changed(escrow => Object.assign(escrow, { made: '2020-01-01T00:00:00.000Z' }))), [
    'made',
  ])
  t.same(tampered(changed(escrow => Object.assign(escrow, { to: 'hwpub_mine', note: 'x' }))), [
    'to',
    'note',
  ])
  const other = JSON.parse(await makeEscrow(KEYS, OFFLINE.to, MADE))
  const fingerprint = other.fingerprints.APP_SECRET_KEY
  const swapped = changed(escrow =>
    Object.assign(escrow.fingerprints as object, { APP_SECRET_KEY: fingerprint }),
  )
  t.same(tampered(swapped), ['fingerprints.APP_SECRET_KEY'])
  const cut = changed(escrow => {
    escrow.sealed = String(escrow.sealed).replace(/.{8}$/, '')
  })
  t.match(tampered(cut), /its sealed part was changed after it was sealed, or cut/)
  const whole = changed(escrow => Object.assign(escrow, { sealed: other.sealed }))
  t.match(tampered(whole), ['fingerprints.ENCRYPTION_KEY'], 'the sealed part of another escrow')
  for (const text of [
    '',
    '{}',
    '[]',
    TEXT.replace('"hookwarden_escrow": 1', '"hookwarden_escrow": 9'),
  ]) {
    t.equal(tampered(text), 'is no escrow of this version')
  }
})

t.test('keys are compared with it without a private half', async t => {
  t.same(await compareEscrow(TEXT, KEYS), new Map(Object.keys(KEYS).map(key => [key, 'same'])))
  const found = await compareEscrow(TEXT, {
    ENCRYPTION_KEY: KEYS.WEBHOOK_SECRET_KEY,
    WEBHOOK_SECRET_KEY: KEYS.WEBHOOK_SECRET_KEY,
  })
  t.same(
    [...(found ?? [])].map(([, state]) => state),
    ['changed', 'same', 'unseen'],
  )
  t.equal(await compareEscrow('{}', KEYS), undefined)
})
