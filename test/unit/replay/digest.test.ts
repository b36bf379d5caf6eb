import fc from 'fast-check'
import t from 'tap'
import { KeyDigest } from '../../../src/replay/digest.ts'
import { anyCharacter } from '../../support/any-character.ts'

const SEED = new Uint32Array([0x9e3779b9, 7, 0xffffffff, 0])

function digestOf(key: string, seed = SEED): string {
  const digest = new KeyDigest(seed)
  digest.of(key)
  return digest.words.join(' ')
}

t.test('one key has one digest, under one seed', t => {
  const again = new KeyDigest(SEED)
  fc.assert(
    fc.property(fc.string({ unit: anyCharacter }), key => {
      again.of(key)
      return again.words.join(' ') === digestOf(key)
    }),
  )
  t.not(digestOf('a'), digestOf('a', new Uint32Array([1, 7, 0xffffffff, 0])))
  t.end()
})

t.test('a key that differs in one bit differs in about half the bits of each word', t => {
  const digest = new KeyDigest(SEED)
  const flipped = [0, 0, 0, 0]
  const keys = 2000
  for (let i = 0; i < keys; i++) {
    const key = `flow ${i} signature`
    digest.of(key)
    const before = [...digest.words]
    digest.of(`${key.slice(0, -1)}${String.fromCharCode('e'.charCodeAt(0) ^ (1 << (i % 7)))}`)
    for (let word = 0; word < 4; word++) {
      const changed = ((before[word] ?? 0) ^ (digest.words[word] ?? 0)) >>> 0
      flipped[word] = (flipped[word] ?? 0) + changed.toString(2).replaceAll('0', '').length
    }
  }
  for (const count of flipped) t.ok(Math.abs(count / keys - 16) < 1, `${count / keys} of 32 bits`)
  t.end()
})

t.test('no two of 50,000 keys share so much as two words', t => {
  const digest = new KeyDigest(SEED)
  const seen = new Set<string>()
  for (let i = 0; i < 50_000; i++) {
    digest.of(`flow ${i}`)
    seen.add(`${digest.words[0]} ${digest.words[1]}`)
  }
  t.equal(seen.size, 50_000)
  t.end()
})

t.test('keys that differ in their last character, or have one more, differ', t => {
  fc.assert(
    fc.property(
      fc.string({ unit: anyCharacter }),
      fc.string({ unit: anyCharacter, minLength: 1 }),
      (key, more) => {
        const digests = [key, key + more, `${key}\0`, `${key}\0\0`, `${key}\u0100`].map(one =>
          digestOf(one),
        )
        return (
          new Set(digests).size ===
          new Set([key, key + more, `${key}\0`, `${key}\0\0`, `${key}\u0100`]).size
        )
      },
    ),
  )
  t.end()
})
