import t from 'tap'
import { selftest as command, OURS } from '../../../src/commands/selftest.ts'
import { PRESETS } from '../../../src/presets/presets.ts'
import { selftest } from '../../../src/selftest/selftest.ts'
import { readVectors } from '../../../src/selftest/vector.ts'
import type { Scheme } from '../../../src/verify/scheme.ts'
import { byKey, onRecord, published, recordAll } from '../../vectors/record.ts'

const VECTORS = readVectors()

t.test('every preset passes, each with a vector that our code did not make', async t => {
  const rows = selftest(OURS, VECTORS)
  for (const { name, faults, checks } of rows) {
    t.same(faults, [], name)
    t.ok(checks >= 8, `${name}: ${checks} checks`)
  }
  const names = new Set(rows.map(({ name }) => name))
  t.same(
    Object.keys(PRESETS).filter(name => !names.has(name)),
    [],
  )
})

t.test(
  'what is on record is what the signers make: `npm run vectors` brings it up to date',
  async t => {
    const recorded = onRecord().filter(({ source }) => source === 'recorded')
    const fresh = recordAll()
    t.same(
      recorded.map(({ name }) => name),
      fresh.map(({ name }) => name),
    )
    for (const [i, one] of fresh.entries()) {
      // a private key is made anew for each run: of those, what does not depend on it
      const { name, tolerance, covers } = one
      if (byKey(one)) t.match(recorded[i], { name, tolerance, covers }, name)
      else t.same(recorded[i], one, name)
    }
    t.same(
      onRecord().filter(({ source }) => source !== 'recorded'),
      published(),
    )
  },
)

/** Ways to get a preset wrong, one key at a time; undefined where the key is not used. */
const WRONG: Readonly<Record<string, (scheme: Scheme) => Scheme | undefined>> = {
  'another header': scheme => {
    const { from } = scheme
    if (typeof from !== 'string' || !from.startsWith('header:')) return undefined
    return scheme.code === undefined ? { ...scheme, from: `${from}-x` } : undefined
  },
  'something more is signed': scheme =>
    scheme.sign === undefined ? undefined : { ...scheme, sign: `${scheme.sign}x` },
  'another hash': scheme => {
    const { alg } = scheme
    const other = alg.endsWith('sha256')
      ? alg.replace('sha256', 'sha512')
      : alg.replace(/sha1|sha512|md5/, 'sha256')
    return other === alg || /^ec|pss|sha3/.test(alg) ? undefined : { ...scheme, alg: other }
  },
  'another encoding': scheme => {
    const { encoding = 'hex', alg } = scheme
    const other = encoding === 'hex' ? 'base64' : 'hex'
    return /^(?:token|basic|jwt)$/.test(alg) ? undefined : { ...scheme, encoding: other }
  },
  'another unit of time': scheme => {
    const { timestamp } = scheme
    const unit = timestamp?.unit === 's' ? 'ms' : 's'
    return timestamp && { ...scheme, timestamp: { ...timestamp, unit } }
  },
  'a longer tolerance': scheme =>
    scheme.timestamp && { ...scheme, timestamp: { ...scheme.timestamp, tolerance: '9000s' } },
  'no time': ({ timestamp, ...scheme }) => (timestamp === undefined ? undefined : scheme),
  'no claims': ({ claims, ...scheme }) => (claims === undefined ? undefined : scheme),
  'another algorithm of tokens': scheme =>
    scheme.algs?.includes('HS256') === true ? { ...scheme, algs: ['HS384'] } : undefined,
  'another key': scheme =>
    scheme.key === undefined ? undefined : { ...scheme, key: '{secret|hex}' },
  'no requirement': ({ require, ...scheme }) => (require === undefined ? undefined : scheme),
}

t.test('a fault in any one preset is found in its row, and in no other', async t => {
  let planted = 0
  for (const [name, scheme] of Object.entries(OURS.schemes)) {
    const own = VECTORS.filter(vector => vector.name === name)
    for (const [what, change] of Object.entries(WRONG)) {
      const wrong = change(scheme)
      if (wrong === undefined) continue
      const [row] = selftest({ ...OURS, schemes: { [name]: wrong } }, own)
      planted++
      t.ok((row?.faults.length ?? 0) > 0, `${name}: ${what}`)
    }
  }
  t.ok(planted > 900, `${planted} faults`)
})

t.test('a preset without a vector, and a vector without a preset, are faults', async t => {
  const { github, ...rest } = OURS.schemes
  const without = selftest({ ...OURS, schemes: rest }, VECTORS)
  t.match(without.find(({ name }) => name === 'github')?.faults, [/no such preset/])
  const vectors = VECTORS.filter(({ name }) => name !== 'github')
  const bare = selftest({ ...OURS, schemes: { github: github as Scheme } }, vectors)
  t.match(bare.find(({ name }) => name === 'github')?.faults, [/no recorded vector/])
})

function printed(subject = OURS, json = false) {
  const out: string[] = []
  const terminal = {
    out: (text: string) => void out.push(text),
    err: (text: string) => void out.push(text),
    paint: (_: string, text: string) => text,
  }
  return { code: command(subject, json, terminal), text: out.join('\n') }
}

t.test('the table has a row for each preset, and a last line that says it all', async t => {
  const { code, text } = printed()
  t.equal(code, 0)
  t.match(text, /^preset +evidence +published +recorded +checks +result\n/)
  t.match(text, /\ngithub +sdk \(supported\) +1 +1 +\d+ +pass\n/)
  t.match(text, /\nlanguage: jwt EdDSA +- +0 +1 +\d+ +pass\n/)
  t.match(text, /\n\n\d+ presets, \d+ of them with a published vector, \d+ checks: all pass$/)
})

t.test('a fault is said below the table, exit 1; --json holds the same', async t => {
  const { github, ...rest } = OURS.schemes
  const wrong = {
    ...OURS,
    schemes: { ...rest, github: { ...github, encoding: 'base64' } as Scheme },
  }
  const { code, text } = printed(wrong)
  t.equal(code, 1)
  t.match(text, /\ngithub .* FAULT\n/)
  t.match(text, /\n\ngithub: genuine: signature_malformed, expected accepted\n/)
  t.match(text, /: faults in 1$/)
  const machine = JSON.parse(printed(wrong, true).text)
  t.equal(machine.pass, false)
  t.match(
    machine.presets.find(({ name }: { name: string }) => name === 'github'),
    { evidence: 'sdk', faults: [/genuine/] },
  )
})
