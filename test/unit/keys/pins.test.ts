import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { fingerprintOf, isFingerprint, matches } from '../../../src/keys/fingerprint.ts'
import { comparePins, PINS_FILE, pinOf, readPins, writePins } from '../../../src/keys/pins.ts'
import { watchKeys } from '../../../src/process/key-pins.ts'
import type { SecretSources } from '../../../src/secrets/resolve.ts'

const KEY = Buffer.from('Vq3kX9_pLm2TzR7wYb5-NcJ8sHd4GfE6aQ1uKiOyZxCvBn0t')
const OTHER = Buffer.from('9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822c')

function sources(env: Record<string, string>): SecretSources {
  return {
    env,
    dev: false,
    readFile: () => {
      throw new Error('no files here')
    },
  }
}

t.test('a fingerprint tells the same key from another, and nothing else', async t => {
  const [one, two] = [await fingerprintOf(KEY), await fingerprintOf(KEY)]
  t.not(one, two, 'equal keys do not look alike')
  t.equal(await matches(KEY, one), true)
  t.equal(await matches(KEY, two), true)
  t.equal(await matches(OTHER, one), false)
  t.equal(await matches(KEY.subarray(1), one), false)
  t.equal(await matches(KEY, 'scrypt:14:short:short'), false)
  t.ok(isFingerprint(one))
  t.notOk(isFingerprint(one.replace('scrypt:14', 'scrypt:1')), 'never a cheaper one')
})

t.test('pins survive their file, and a broken file is none', async t => {
  const pins = { ENCRYPTION_KEY: await pinOf(KEY, 'env:ENCRYPTION_KEY', '2026-11-25') }
  const text = writePins(pins)
  t.same(readPins(text), pins)
  t.notMatch(text, KEY.toString())
  const broken = [
    '',
    '{}',
    text.slice(1),
    text.replace('"hookwarden_key_pins": 1', '"hookwarden_key_pins": 2'),
    text.replace('"ENCRYPTION_KEY": {', '"OTHER_KEY": {'),
    text.replace('scrypt:14', 'plain'),
    text.replace('"from": "env:ENCRYPTION_KEY"', '"from": 1'),
  ]
  for (const one of broken) t.equal(readPins(one), undefined, one.slice(0, 40))
})

t.test('a pinned key is the same, changed, or not at hand', async t => {
  const pins = {
    ENCRYPTION_KEY: await pinOf(KEY, 'env:E', '2026-11-25'),
    WEBHOOK_SECRET_KEY: await pinOf(KEY, 'env:W', '2026-11-25'),
    APP_SECRET_KEY: await pinOf(Buffer.from('short'), 'env:A', '2026-11-25'),
  }
  const env = { E: KEY.toString(), W: OTHER.toString(), A: 'short' }
  const states = async (from: Record<string, string>) =>
    (await comparePins(pins, sources(from))).map(({ key, state }) => [key, state])
  t.same(await states(env), [
    ['ENCRYPTION_KEY', 'same'],
    ['WEBHOOK_SECRET_KEY', 'changed'],
    ['APP_SECRET_KEY', 'same'],
  ])
  t.same(
    (await states({})).map(([, state]) => state),
    ['unseen', 'unseen', 'unseen'],
  )
})

t.test('ENCRYPTION_KEY and WEBHOOK_SECRET_KEY never change after set-up: run shouts', async t => {
  const state = t.testdir()
  const said: { message: string; fields: Readonly<Record<string, string>> }[] = []
  const log = {
    error: (message: string, fields: Readonly<Record<string, string>>) =>
      void said.push({ message, fields }),
  }
  const watch = async (env: Record<string, string>, folder: string | undefined = state) => {
    const kept = watchKeys(folder, sources(env), log)
    await kept.compared
    return kept.states.map(one => `${one.key} ${one.state}`)
  }
  t.same(await watch({}, undefined), [], 'without a folder nothing is compared')
  t.same(await watch({}), [], 'nor without pins')
  t.same(said, [])

  const pins = {
    ENCRYPTION_KEY: await pinOf(KEY, 'env:E', '2026-11-25'),
    WEBHOOK_SECRET_KEY: await pinOf(KEY, 'env:W', '2026-11-24'),
  }
  writeFileSync(join(state, PINS_FILE), writePins(pins))
  t.same(await watch({ W: KEY.toString() }), ['ENCRYPTION_KEY unseen', 'WEBHOOK_SECRET_KEY same'])
  t.same(said, [])

  const both = { E: OTHER.toString(), W: OTHER.toString() }
  t.same(await watch(both), ['ENCRYPTION_KEY changed', 'WEBHOOK_SECRET_KEY changed'])
  t.equal(said.length, 1, 'one line for all')
  t.match(said[0], {
    message: /another than the one that was pinned/,
    fields: { keys: 'ENCRYPTION_KEY (pinned 2026-11-25), WEBHOOK_SECRET_KEY (pinned 2026-11-24)' },
  })
  t.notMatch(JSON.stringify(said), /Vq3k|9f86/)

  writeFileSync(join(state, PINS_FILE), '{')
  t.same(await watch(both), [])
  t.match(said[1], { message: /holds none of this version/ })
})
