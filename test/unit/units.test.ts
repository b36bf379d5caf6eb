import fc from 'fast-check'
import t from 'tap'
import {
  formatBytes,
  formatMillis,
  formatRate,
  parseBytes,
  parseMillis,
  parseRate,
} from '../../src/units.ts'

t.test('durations, sizes and rates are read in their one grammar', async t => {
  const millis: [string, number | undefined][] = [
    ['0s', 0],
    ['250ms', 250],
    ['10s', 10_000],
    ['5m', 300_000],
    ['1h', 3_600_000],
    ['7d', 604_800_000],
    ['010s', 10_000],
    ...[
      '',
      '10',
      's',
      '10 s',
      '-1s',
      '1.5s',
      '10S',
      '1m30s',
      '10sec',
      '9999999999s',
      '１s',
      ' 1s',
      '1s\n',
      '1e3s',
    ].map((text): [string, undefined] => [text, undefined]),
  ]
  for (const [text, value] of millis) t.equal(parseMillis(text), value, text)
  const sizes: [string, number | undefined][] = [
    ['512B', 512],
    ['256KiB', 262_144],
    ['1MiB', 1_048_576],
    ['2GiB', 2_147_483_648],
    ...['1', '1KB', '1kib', '1 MiB', '1.5MiB', 'MiB', '1M'].map((text): [string, undefined] => [
      text,
      undefined,
    ]),
  ]
  for (const [text, value] of sizes) t.equal(parseBytes(text), value, text)
  t.same(parseRate('300/1s'), { count: 300, per: 1_000 })
  t.same(parseRate('6000/1m'), { count: 6_000, per: 60_000 })
  for (const text of [
    '300',
    '300/s',
    '/1s',
    '0/1s',
    '300/0s',
    '300/1s/1s',
    '1.5/1s',
    ' 1/1s',
    '1/ 1s',
    '-1/1s',
  ]) {
    t.equal(parseRate(text), undefined, text)
  }
})

t.test('a value is written in the largest unit that says it exactly', async t => {
  t.equal(formatMillis(0), '0ms')
  t.equal(formatMillis(90_000), '90s')
  t.equal(formatMillis(3_600_000), '1h')
  t.equal(formatBytes(1_048_576), '1MiB')
  t.equal(formatBytes(1_000), '1000B')
  t.equal(formatRate({ count: 6_000, per: 60_000 }), '6000/1m')
})

t.test('what is written is read back as the same value', async t => {
  const value = fc.nat(999_999_999)
  fc.assert(
    fc.property(value, n => parseMillis(formatMillis(n)) === n && parseBytes(formatBytes(n)) === n),
  )
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 999_999_999 }),
      fc.integer({ min: 1, max: 999_999_999 }),
      (count, per) => {
        const rate = parseRate(formatRate({ count, per }))
        return rate?.count === count && rate.per === per
      },
    ),
  )
  t.pass('no counter-example')
})
