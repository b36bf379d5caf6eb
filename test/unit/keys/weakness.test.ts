import fc from 'fast-check'
import t from 'tap'
import { generateKeys } from '../../../src/keys/generate.ts'
import { KEY_NAMES } from '../../../src/keys/names.ts'
import { chanceIn, type WeaknessCode, weaknessesOf } from '../../../src/keys/weakness.ts'

const GOOD = 'Vq3kX9_pLm2TzR7wYb5-NcJ8sHd4GfE6aQ1uKiOyZxCvBn0t'
const bytes = (text: string) => Buffer.from(text)

/** What is found of a key that stands alone. */
function alone(key: (typeof KEY_NAMES)[number], text: string): WeaknessCode[] {
  return weaknessesOf({ [key]: bytes(text) }).map(({ code }) => code)
}

t.test('keys that were generated are 48 characters, distinct and without weakness', async t => {
  for (let i = 0; i < 50; i++) {
    const keys = generateKeys()
    const texts = Object.values(keys)
    t.equal(new Set(texts).size, 3)
    for (const text of texts) t.match(text, /^[A-Za-z0-9_-]{48}$/)
    const all = Object.fromEntries(KEY_NAMES.map(key => [key, bytes(keys[key])]))
    t.same(weaknessesOf(all), [])
  }
})

t.test('each weakness is found, and only where it is', async t => {
  const cases: readonly [string, WeaknessCode[]][] = [
    [GOOD, []],
    ['sample-encryption-key', ['key_sample']],
    ['Sample_Encryption_Key', ['key_sample']],
    [GOOD.slice(0, 31), ['key_short']],
    [GOOD.slice(0, 32), []],
    ['a'.repeat(48), ['key_guessable']],
    ['abcabcabcabcabcabcabcabcabcabcabcabcabcabcabcabc', ['key_guessable']],
    ['0123456789abcdef0123456789abcdef0123456789abcdef', ['key_guessable']],
    ['abcdefghijklmnopqrstuvwxyz0123456789ABCDEFGHIJKLMN', ['key_guessable']],
    ['hunter2hunter2hunter2hunter2hunter2hunter2', ['key_guessable']],
    [`${GOOD}\n`, ['key_blank']],
    [`${GOOD.slice(0, 20)} ${GOOD.slice(20)}`, ['key_blank']],
    ['Vq3+X9/pLm2TzR7wYb5=NcJ8sHd4GfE6aQ1uKiOyZxCvBn0t', []],
    ['9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822c', []],
  ]
  for (const [text, codes] of cases) t.same(alone('ENCRYPTION_KEY', text), codes, text)
})

t.test('what Telegram refuses matters for the one key that it is given', async t => {
  const odd = 'Vq3+X9/pLm2TzR7wYb5=NcJ8sHd4GfE6aQ1uKiOyZxCvBn0t'
  t.same(alone('WEBHOOK_SECRET_KEY', odd), ['key_alphabet'])
  t.same(alone('APP_SECRET_KEY', odd), [])
  t.same(alone('WEBHOOK_SECRET_KEY', GOOD.repeat(6)), ['key_alphabet'], '288 characters')
})

t.test('equal keys are found at each of them', async t => {
  const keys = { ENCRYPTION_KEY: bytes(GOOD), WEBHOOK_SECRET_KEY: bytes(GOOD) }
  t.same(weaknessesOf({ ...keys, APP_SECRET_KEY: bytes(`${GOOD}x`) }), [
    { key: 'ENCRYPTION_KEY', code: 'key_equal' },
    { key: 'WEBHOOK_SECRET_KEY', code: 'key_equal' },
  ])
})

t.test('repeating a text never makes it look harder to guess', async t => {
  fc.assert(
    fc.property(fc.string({ minLength: 1, maxLength: 20 }), text => {
      return chanceIn(text.repeat(3)) <= chanceIn(text) + 1e-9
    }),
  )
  t.pass('no counter-example')
})
