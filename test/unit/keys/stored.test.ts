import { randomBytes } from 'node:crypto'
import AES from 'crypto-js/aes.js'
import t from 'tap'
import { tryKey } from '../../../src/keys/stored.ts'

const KEY = 'Vq3kX9_pLm2TzR7wYb5-NcJ8sHd4GfE6aQ1uKiOyZxCvBn0t'
/** As Automatisch's connections say it; the shortest and one of several blocks. */
const PLAIN = ['{}', '{"a":1}', JSON.stringify({ token: 'xoxb-é-密', screenName: 'x'.repeat(300) })]

t.test('what crypto-js closed is opened with the same passphrase', async t => {
  for (const key of [KEY, 'short', 'ключ-ключ-ключ-ключ', 'a+b/c=='.repeat(9)]) {
    for (const plain of PLAIN) {
      t.equal(
        tryKey(AES.encrypt(plain, key).toString(), Buffer.from(key)),
        'opened',
        plain.slice(0, 20),
      )
    }
  }
})

t.test('a wrong key opens nothing in 10,000 tries', async t => {
  const stored = PLAIN.map(plain => AES.encrypt(plain, KEY).toString())
  let padded = 0
  for (let i = 0; i < 10_000; i++) {
    const text = stored[i % stored.length] ?? ''
    if (tryKey(text, randomBytes(36)) !== 'other_key') padded++
  }
  t.equal(padded, 0)
})

t.test('right padding proves nothing: what was opened has to be a JSON object', async t => {
  for (const plain of ['', ' ', '[1]', '"text"', '1', 'null', '{"a":1', 'token', '{}}']) {
    t.equal(tryKey(AES.encrypt(plain, KEY).toString(), Buffer.from(KEY)), 'other_key', plain)
  }
})

t.test('what is not of this form is said to be so', async t => {
  const whole = AES.encrypt('{"a":1}', KEY).toString()
  const cut = Buffer.from(whole, 'base64').subarray(0, 20).toString('base64')
  const bare = Buffer.from(whole, 'base64').subarray(0, 16).toString('base64')
  for (const text of ['', '{"a":1}', 'U2FsdGVkX1', cut, bare, `x${whole}`]) {
    t.equal(tryKey(text, Buffer.from(KEY)), 'not_encrypted', text)
  }
})
