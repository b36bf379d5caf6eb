import { existsSync } from 'node:fs'
import t from 'tap'
import { judge } from '../../../src/status/judge.ts'
import type { FindingStatus, ProviderStatus, Status } from '../../../src/status/status.ts'
import { DAY, hour, MINUTE, NOW, provider, status } from './subject.ts'

const cause = (code: string, genuine: boolean): FindingStatus => ({
  code,
  says: `it is ${code}`,
  fix: 'mend it',
  genuine,
})
const refused = {
  hour: hour({ refused: 5 }),
  lastAccepted: NOW - DAY,
  lastRefused: NOW - MINUTE,
  lastReason: 'signature_mismatch',
} as const

/** What is other than it should be, how bad it is, and what is said of it. */
const CASES: readonly (readonly [string, Partial<Status>, ('bad' | 'warn')[], RegExp])[] = [
  ['the upstream is away', { upstream: { ...status().upstream, circuit: 2 } }, ['bad'], /away/],
  ['it drains', { draining: true }, ['warn'], /draining/],
  ['the clock', { clockSuspect: true }, ['bad'], /clock/],
  ['a key', { changedKeys: ['ENCRYPTION_KEY'] }, ['bad'], /ENCRYPTION_KEY/],
  ['overload', { overloaded: true }, ['warn'], /more to do/],
  [
    'a bound',
    { fills: [{ name: 'Held bytes', used: 9, most: 10, unit: 'bytes' }] },
    ['warn'],
    /Held bytes/,
  ],
  ['hidden addresses', { addressHidden: true }, ['warn'], /one private address/],
  ['a log that is lost', { logLinesDropped: 1 }, ['warn'], /1 log line /],
  ['the store', { store: { shared: true, up: false, errors: 1 } }, ['bad'], /store is away/],
  [
    'a certificate',
    { certificates: [{ name: 'a', notAfter: NOW + 10 * DAY }] },
    ['warn'],
    /ends in 10 days/,
  ],
  [
    'one that ended',
    { certificates: [{ name: 'a', notAfter: NOW - DAY }] },
    ['bad'],
    /ended 24 h ago/,
  ],
  ['one that is not renewed', { certificatesRenewed: false }, ['warn'], /those before are served/],
  [
    'a map that cannot be used',
    {
      generation: { number: 3, since: 0, failed: { at: NOW - MINUTE, issues: ['a: 4:3 x', 'b'] } },
    },
    ['bad'],
    /1 min ago/,
  ],
  [
    'a flow without provider',
    { discovery: { up: true, doubted: false, flows: 3, unprotected: [{ app: 'none', flows: 2 }] } },
    ['warn'],
    /2 of an unknown app/,
  ],
  [
    'a database that is away, and one that is emptied',
    { discovery: { up: false, doubted: true, flows: 3, unprotected: [] } },
    ['bad', 'warn'],
    /most flows are gone/,
  ],
]

const PROVIDERS: readonly (readonly [
  string,
  Partial<ProviderStatus>,
  ('bad' | 'warn')[],
  RegExp,
])[] = [
  ['no secret', { ready: false, problems: ['env:X is not set'] }, ['bad'], /no usable secret/],
  [
    'an old secret that ends soon',
    { secret: 'previous', secretEnds: NOW + 3 * DAY },
    ['warn'],
    /ends in 3 days/,
  ],
  [
    'one that ends at once',
    { secret: 'previous', secretEnds: NOW + MINUTE },
    ['bad'],
    /ends in 1 min/,
  ],
  ['all refused', refused, ['bad'], /5 requests in the last hour, none accepted/],
  [
    'refused for a cause that only the sender can have',
    {
      ...refused,
      hour: hour({ refused: 1 }),
      found: { at: NOW, findings: [cause('secret_space', true)] },
    },
    ['bad'],
    /no forgery: it is secret_space/,
  ],
  [
    'lost deliveries',
    { hour: hour({ accepted: 1, lost: 1 }) },
    ['warn'],
    /1 delivery of github came to nothing/,
  ],
  ['a limit', { hour: hour({ accepted: 1, limited: 2 }) }, ['warn'], /2 genuine deliveries/],
  ['a leak', { leaks: 1 }, ['bad'], /1 header of deliveries/],
]

/** What looks alike and is nothing. */
const FINE: readonly (readonly [string, Partial<ProviderStatus>])[] = [
  ['one that is off, whatever its secret', { mode: 'off', ready: false, leaks: 1 }],
  ['forgeries among what is accepted', { ...refused, hour: hour({ accepted: 1, refused: 500 }) }],
  ['a stray forgery of one that is silent', { ...refused, hour: hour({ refused: 2 }) }],
  [
    'a cause that was mended since',
    { found: { at: NOW - DAY, findings: [cause('secret_space', true)] }, lastAccepted: NOW },
  ],
  ['the new secret while the old one ends', { secret: 'current', secretEnds: NOW + DAY }],
]

t.test('what is as it should be needs no notice', async t => {
  t.same(judge(status()), [])
  for (const [name, change] of FINE)
    t.same(judge(status({ providers: [provider('github', change)] })), [], name)
})

t.test('what is wrong is said, with how bad it is and what to do', async t => {
  for (const [name, change, levels, says] of CASES) {
    const notices = judge(status(change))
    t.same(
      notices.map(({ level }) => level),
      levels,
      name,
    )
    t.match(notices[0]?.says, says, name)
  }
  for (const [name, change, levels, says] of PROVIDERS) {
    const notices = judge(status({ providers: [provider('github', change)] }))
    t.same(
      notices.map(({ level }) => level),
      levels,
      name,
    )
    t.match(notices[0], { says, provider: 'github' }, name)
  }
})

t.test('every notice says what to do, and its page exists', async t => {
  const all = [
    ...CASES.map(([, change]) => status(change)),
    ...PROVIDERS.map(([, change]) => status({ providers: [provider('github', change)] })),
  ].flatMap(one => judge(one))
  for (const { says, fix, page } of all) {
    t.ok(fix.length > 6, says)
    if (page !== undefined) t.ok(existsSync(`docs/${page}.md`), page)
  }
})

t.test('the worst comes first', async t => {
  const worn = status({
    overloaded: true,
    providers: [provider('a', { leaks: 1 }), provider('b', { ready: false })],
    draining: true,
  })
  t.same(
    judge(worn).map(({ level }) => level),
    ['bad', 'bad', 'warn', 'warn'],
  )
})
