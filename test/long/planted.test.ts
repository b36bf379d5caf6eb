import { spawnSync } from 'node:child_process'
import t from 'tap'

/** What is wrong, where it is planted, what stands there, what is put for it, and what has to be said. */
const FAULTS: readonly (readonly [string, string, string, string, RegExp])[] = [
  [
    'a preset reads another header',
    'presets/timed-items.ts',
    "'header:Stripe-Signature'",
    "'header:Stripe-Sign'",
    /^stripe: genuine: signature_missing, expected accepted$/m,
  ],
  [
    'a filter leaves a secret as it is',
    'verify/filters.ts',
    'return nfkd(value)',
    'return value',
    /^easypost: genuine: signature_mismatch, expected accepted$/m,
  ],
  [
    'a filter strips what it should keep',
    'verify/filters.ts',
    'value.slice(filter.argument.length) : value',
    'value : value',
    /^svix: genuine: /m,
  ],
  [
    'the decoder of hexadecimal stops at junk',
    'verify/decode.ts',
    'text.length === 2 * bytes',
    'text.length >= 2 * bytes',
    /^github: junk behind it: accepted, expected refused$/m,
  ],
  [
    'the decoder of base64 takes bits after the last byte',
    'verify/decode.ts',
    "const STRICT = { lastChunkHandling: 'strict' }",
    "const STRICT = { lastChunkHandling: 'loose' }",
    /^shopify: bits after the last byte: accepted, expected refused$/m,
  ],
  [
    'a value may hold any number of signatures',
    'verify/items.ts',
    'MAX_ITEMS = 32',
    'MAX_ITEMS = 3200',
    /^stripe: too many signatures: accepted, expected refused$/m,
  ],
  [
    'a time to come is taken',
    'verify/fresh.ts',
    "? 'timestamp_future' : signed",
    '? signed : signed',
    /^slack: future: accepted, expected timestamp_future$/m,
  ],
  [
    'a token does not end',
    'verify/jwt.ts',
    'now >= exp + LEEWAY',
    'now < 0',
    /^monday: ten years later: accepted, expected timestamp_stale$/m,
  ],
]

t.test('a fault planted in the sources makes it fail, and is named', async t => {
  for (const [what, file, find, put, says] of FAULTS) {
    const { status, stdout, stderr } = spawnSync(
      process.execPath,
      ['--import', './test/support/plant.ts', 'src/cli.ts', 'selftest'],
      { encoding: 'utf8', env: { NO_COLOR: '1', PLANT: JSON.stringify([file, find, put]) } },
    )
    t.equal(status, 1, `${what}: ${stderr}`)
    t.match(stdout, says, what)
    t.match(stdout, /checks: faults in \d+\n$/, what)
  }
})
