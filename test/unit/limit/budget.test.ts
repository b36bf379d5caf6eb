import fc from 'fast-check'
import t from 'tap'
import { Budget, type Upload } from '../../../src/limit/budget.ts'

const KiB = 1024
const TOTAL = 8192 * KiB // an eighth is 1 MiB, a quarter 2 MiB, three quarters 6 MiB
/** What a body beyond 64 KiB counts for beside its bytes until it is whole, in KiB: 192, or a sixty-fourth of the budget. */
const BESIDE = 128

interface Trial extends Upload {
  ended: boolean
}

/** An upload that is opened at once; its own address unless one is given. */
let addresses = 0
function open(budget: Budget, given: Partial<Upload> = {}): Trial {
  const upload: Trial = {
    account: `192.0.2.${addresses++}`,
    over: false,
    held: 0,
    since: 0,
    hold: undefined,
    ended: false,
    evict() {
      this.ended = true
    },
    ...given,
  }
  budget.open(upload)
  return upload
}

t.test('one address holds at most an eighth, others are not affected', async t => {
  const budget = new Budget(TOTAL)
  const [one, two, other] = ['a', 'a', 'b'].map(account => open(budget, { account })) as [
    Trial,
    Trial,
    Trial,
  ]
  t.equal(budget.take(one, 1024 * KiB, 0), true)
  t.equal(budget.take(two, 1, 0), false)
  t.equal(budget.take(other, 1024 * KiB, 0), true)
  budget.release(one)
  t.equal(budget.take(two, 1, 0), true, 'what is released can be held again')
})

t.test('peers without an account have no eighth, but their part of the whole', async t => {
  const budget = new Budget(TOTAL)
  const proxied = open(budget, { account: undefined })
  t.equal(budget.take(proxied, (6144 - BESIDE) * KiB, 0), true)
  t.equal(budget.take(open(budget, { account: undefined }), 65 * KiB, 0), false)
})

t.test('a quarter is kept for small bodies', async t => {
  const budget = new Budget(TOTAL)
  for (let i = 0; i < 6; i++) t.equal(budget.take(open(budget), (1024 - BESIDE) * KiB, 0), true)
  const growing = open(budget)
  t.equal(budget.take(growing, 64 * KiB, 0), true, 'small')
  t.equal(budget.take(growing, 1, 0), false, 'large')
  const left = TOTAL - budget.held
  for (let held = 0; held < left; held += 32 * KiB)
    t.equal(budget.take(open(budget), 32 * KiB, 0), true, `small, after ${held}`)
  t.equal(budget.held, TOTAL)
  t.equal(budget.take(open(budget), 1, 0), false)
})

t.test('what becomes large counts with all its bytes, and gives all of them back', async t => {
  const budget = new Budget(TOTAL)
  const growing = Array.from({ length: 100 }, () => open(budget))
  for (const upload of growing) t.ok(budget.take(upload, 60 * KiB, 0))
  const large = growing.filter(upload => budget.take(upload, 5 * KiB, 0)).length
  t.equal(large, Math.floor(6144 / (65 + BESIDE)))
  for (const upload of growing) budget.release(upload)
  t.equal(budget.held, 0)
  for (let i = 0; i < 6; i++) t.ok(budget.take(open(budget), (1024 - BESIDE) * KiB, 0))
})

t.test('what lies beside a body counts until it is whole', async t => {
  const budget = new Budget(TOTAL)
  const whole = Array.from({ length: 6 }, () => open(budget))
  for (const one of whole.slice(0, 5)) {
    t.ok(budget.take(one, 1024 * KiB, 0))
    budget.complete(one)
    budget.complete(one)
  }
  const last = whole[5] as Trial
  t.equal(budget.take(last, 1024 * KiB, 0), false, 'while it grows')
  t.ok(budget.take(last, (1024 - BESIDE) * KiB, 0))
  budget.complete(last)
  const next = open(budget)
  t.equal(budget.take(next, BESIDE * KiB, 0), false, 'it would grow itself')
  for (const one of whole) budget.release(one)
  t.equal(budget.take(next, BESIDE * KiB, 0), true)
})

/** Large bodies of 65 KiB that are begun until no more are taken. */
function fill(budget: Budget, given: Partial<Upload>, most = Number.POSITIVE_INFINITY): number {
  let taken = 0
  while (taken < most && budget.take(open(budget, given), 65 * KiB, 0)) taken++
  return taken
}

t.test('a burst of large bodies from one address has half of what all of them have', async t => {
  const budget = new Budget(64 * 1024 * KiB)
  const burst = Array.from({ length: 81 }, () => open(budget, { account: 'a' }))
  for (let size = 0; size < 100; size += 20)
    for (const one of burst) if (!budget.take(one, 20 * KiB, 0)) return t.fail(`at ${size} KiB`)
  for (const one of burst) budget.complete(one)
  for (const one of burst) budget.release(one)
  t.equal(fill(budget, { account: 'a' }), Math.ceil((24 * 1024) / (65 + 192)))
})

t.test('many large bodies of one address, or marked over, leave room for others', async t => {
  const ofOne = Math.floor((12 * 1024) / (65 + 192)) // a quarter of three quarters, in MiB
  const budget = new Budget(64 * 1024 * KiB)
  fill(budget, { account: 'a' })
  t.equal(fill(budget, { account: 'b' }), ofOne)
  t.ok(budget.take(open(budget), 1024 * KiB, 0), 'two addresses do not have all')
  t.ok(budget.take(open(budget, { account: 'b' }), 64 * KiB, 0), 'nor is one shut out')
  const marked = new Budget(64 * 1024 * KiB)
  for (const account of ['a', 'b', 'c', 'd']) fill(marked, { account, over: true })
  t.ok(marked.take(open(marked), 1024 * KiB, 0))
  t.equal(fill(marked, { account: 'e' }), ofOne, 'half is left for who is not marked')
})

t.test('what became large before it was crowded goes on', async t => {
  const budget = new Budget(64 * 1024 * KiB)
  const early = Array.from({ length: 90 }, () => open(budget, { account: 'a' }))
  for (const one of early) t.ok(budget.take(one, 65 * KiB, 0))
  fill(budget, {}, 30)
  t.ok(budget.take(early[0] as Trial, KiB, 0))
  t.equal(budget.take(open(budget, { account: 'a' }), 65 * KiB, 0), false, 'and no more come')
})

t.test('small bodies are not ended for what lies beside a large one', async t => {
  const budget = new Budget(64 * 1024 * KiB)
  const small = Array.from({ length: 40 }, () => open(budget, { over: true }))
  for (const one of small) t.ok(budget.take(one, KiB, 0))
  const large = Array.from({ length: 100 }, (_, i) =>
    open(budget, { account: `${i % 4}`, over: true }),
  )
  for (const one of large) budget.take(one, 65 * KiB, 0)
  for (const account of ['x', 'y', 'z'])
    budget.take(open(budget, { account, over: true, since: 2_000 }), 66 * KiB, 2_000)
  t.notOk(small.some(({ ended }) => ended))
  t.ok(large.some(({ ended }) => ended))
})

t.test('what an ended upload took beside its bytes is room as well', async t => {
  const budget = new Budget(TOTAL)
  for (let left = 6144 - 100 - BESIDE; left > 0; left -= Math.min(left, 896)) {
    const whole = open(budget)
    t.ok(budget.take(whole, Math.min(left, 896) * KiB, 0), `${left} KiB left`)
    budget.complete(whole)
  }
  const slow = open(budget)
  t.ok(budget.take(slow, 100 * KiB, 0), 'what is left')
  const next = open(budget, { since: 2_000 })
  t.equal(budget.take(next, (100 + 1) * KiB, 2_000), false, 'a KiB more than there will be')
  t.equal(slow.ended, false)
  t.equal(budget.take(next, 100 * KiB, 2_000), true)
  t.equal(slow.ended, true)
})

t.test('all that is marked over holds at most a quarter', async t => {
  const budget = new Budget(TOTAL)
  for (let i = 0; i < 2; i++) t.ok(budget.take(open(budget, { over: true }), 1024 * KiB, 0))
  t.equal(budget.take(open(budget, { over: true }), 1, 0), false)
  t.equal(budget.take(open(budget), 1024 * KiB, 0), true)
})

/** Uploads of one address: KiB held, age in seconds; then a chunk of another of its uploads. */
interface Case {
  readonly held: readonly number[]
  readonly ages: readonly number[]
  readonly chunk: number
  readonly takes: boolean
  /** Which of them are ended. */
  readonly ended: readonly number[]
}

t.test('who is ended', async t => {
  const cases: Record<string, Case> = {
    'the slowest, whoever’s chunk it was': {
      held: [500, 300, 224],
      ages: [2, 2, 4],
      chunk: 1,
      takes: true,
      ended: [2],
    },
    'nobody, where none is in its second second: the chunk’s own is refused': {
      held: [500, 300, 224],
      ages: [0.999, 0.5, 0],
      chunk: 1,
      takes: false,
      ended: [],
    },
    'not one in its first second, however slow': {
      held: [500, 523, 1],
      ages: [2, 2, 0.999],
      chunk: 1,
      takes: true,
      ended: [0],
    },
    'one in its second second': {
      held: [500, 523, 1],
      ages: [2, 2, 1],
      chunk: 1,
      takes: true,
      ended: [2],
    },
    'as many as the chunk needs': {
      held: [100, 200, 300],
      ages: [2, 2, 2],
      chunk: 600,
      takes: true,
      ended: [0, 1],
    },
    'nobody, where all the slow ones together would not be enough': {
      held: [10, 10, 10],
      ages: [2, 2, 2],
      chunk: 1025,
      takes: false,
      ended: [],
    },
  }
  for (const [name, { held, ages, chunk, takes, ended }] of Object.entries(cases)) {
    const now = 10_000
    const budget = new Budget(TOTAL)
    const account = 'one'
    const others = held.map((size, i) => {
      const upload = open(budget, { account, since: now - (ages[i] ?? 0) * 1000 })
      t.ok(budget.take(upload, size * KiB, now - 500 * (ages[i] ?? 0)), 'set up')
      return upload
    })
    const own = open(budget, { account, since: now })
    t.equal(budget.take(own, chunk * KiB, now), takes, name)
    t.same(
      others.flatMap(({ ended }, i) => (ended ? [i] : [])),
      ended,
      name,
    )
    t.equal(own.ended, false, 'the chunk’s own is told by the answer alone')
  }
})

t.test('an upload that is the slowest itself is refused and nobody else is ended', async t => {
  const budget = new Budget(TOTAL)
  const fast = open(budget, { account: 'a', since: 0 })
  budget.take(fast, 1000 * KiB, 500)
  const slow = open(budget, { account: 'a', since: 0 })
  budget.take(slow, 24 * KiB, 500)
  t.equal(budget.take(slow, 1, 2_000), false)
  t.equal(fast.ended, false)
  t.equal(budget.take(fast, 1, 2_000), true, 'while the fast one may end it')
  t.equal(slow.ended, true)
})

t.test('only uploads in the share that lacks room are ended', async t => {
  const budget = new Budget(TOTAL)
  const small = open(budget)
  const over = open(budget, { over: true })
  const elsewhere = open(budget)
  for (const upload of [small, over, elsewhere]) budget.take(upload, 1, 0)
  const large = Array.from({ length: 6 }, (_, i) => {
    const upload = open(budget)
    t.ok(budget.take(upload, (1000 - BESIDE + i) * KiB, 0))
    return upload
  })
  t.equal(budget.take(open(budget, { since: 2_000 }), 500 * KiB, 2_000), true)
  t.same(
    [small, over, elsewhere, ...large].map(u => u.ended),
    [false, false, false, true, ...Array(5).fill(false)],
  )
  const marked = Array.from({ length: 2 }, () => open(budget, { over: true, since: 1_999 }))
  t.ok(budget.take(marked[0] as Trial, 1024 * KiB, 2_000), 'set up')
  t.ok(budget.take(marked[1] as Trial, 1024 * KiB - 1, 2_000), 'set up')
  t.equal(budget.take(open(budget, { over: true, since: 2_000 }), 1, 2_000), true)
  t.same([small.ended, over.ended], [false, true])
})

t.test('an eighth is freed at the cost of its own address alone', async t => {
  const budget = new Budget(TOTAL)
  const stranger = open(budget, { account: 'b' })
  const own = open(budget, { account: 'a' })
  budget.take(stranger, 2, 0)
  budget.take(own, 1024 * KiB, 0)
  t.equal(budget.take(open(budget, { account: 'a', since: 5_000 }), 1, 5_000), true)
  t.same([stranger.ended, own.ended], [false, true])
})

t.test(
  'an address is counted until its last upload is over, however often each is opened',
  async t => {
    const budget = new Budget(TOTAL)
    const [one, two] = [open(budget, { account: 'a' }), open(budget, { account: 'a' })]
    budget.open(one)
    budget.take(one, 1, 0)
    budget.release(two)
    t.equal(budget.take(open(budget, { account: 'a' }), 1024 * KiB, 0), false)
    budget.release(one)
    t.equal(budget.take(open(budget, { account: 'a' }), 1024 * KiB, 0), true)
  },
)

t.test('a body that is whole is never ended, and takes no more', async t => {
  const budget = new Budget(TOTAL)
  const whole = open(budget, { account: 'a' })
  budget.take(whole, 1024 * KiB, 0)
  budget.complete(whole)
  budget.open(whole)
  t.equal(budget.take(whole, 1, 0), false)
  t.equal(budget.take(open(budget, { account: 'a', since: 5_000 }), 1, 5_000), false)
  t.equal(whole.ended, false)
  t.equal(budget.held, 1024 * KiB)
})

t.test(
  'what was ended has given its bytes back before it is told, and may release again',
  async t => {
    const budget = new Budget(TOTAL)
    const held: number[] = []
    const victim: Trial = open(budget, {
      account: 'a',
      evict() {
        held.push(budget.held, victim.held)
        budget.release(victim)
      },
    })
    budget.take(victim, 1024 * KiB, 0)
    t.equal(budget.take(open(budget, { account: 'a', since: 5_000 }), 7, 5_000), true)
    t.same(held, [0, 0])
    t.equal(budget.take(victim, 1, 5_000), false, 'it is over')
    t.equal(budget.held, 7)
  },
)

t.test('one slow reader of a thousand addresses leaves room for every small body', async t => {
  const budget = new Budget(TOTAL)
  for (let now = 0; now < 3_000; now++) {
    const trickle = open(budget, { since: now })
    budget.take(trickle, 64 * KiB - 1, now)
    budget.take(trickle, KiB, now)
  }
  t.equal(budget.take(open(budget, { since: 5_000 }), 64 * KiB, 5_000), true)
})

t.test('laws', async t => {
  const act = fc.tuple(
    fc.constantFrom('open', 'take', 'take', 'take', 'take', 'take', 'complete', 'release'),
    fc.integer({ min: 0, max: 30 }),
    fc.oneof(fc.integer({ min: 1, max: 30 }), fc.integer({ min: 50, max: 400 })),
    fc.integer({ min: 0, max: 400 }),
  )
  const total = 2048 * KiB
  fc.assert(
    fc.property(fc.array(act, { maxLength: 300 }), acts => {
      const budget = new Budget(total)
      /** Kept apart from the budget’s own sums: what each upload was granted and has not given back. */
      const ledger = new Map<Trial, number>()
      const all: Trial[] = []
      const whole = new Set<Trial>()
      const sum = (which: (upload: Trial, held: number) => boolean) =>
        [...ledger].reduce((total, [upload, held]) => total + (which(upload, held) ? held : 0), 0)
      /** What lies beside those that grow. */
      const beside = () =>
        [...ledger].filter(([one, held]) => held > 64 * KiB && !whole.has(one)).length *
        (total / 64)
      let now = 0
      for (const [what, n, size, gap] of acts) {
        now += gap
        const upload = all[n % Math.max(all.length, 1)]
        if (what === 'open' || upload === undefined) {
          const account = n % 5 === 0 ? undefined : `${n % 5}`
          const fresh = open(budget, { account, over: n % 3 === 0, since: now })
          fresh.evict = () => {
            fresh.ended = true
            ledger.delete(fresh)
          }
          ledger.set(fresh, 0)
          all.push(fresh)
        } else if (what === 'take') {
          const before = ledger.get(upload)
          const took = budget.take(upload, size * KiB, now)
          if (took && (before === undefined || whole.has(upload))) return false
          if (took) ledger.set(upload, (before ?? 0) + size * KiB)
        } else if (what === 'complete') {
          budget.complete(upload)
          whole.add(upload)
        } else {
          budget.release(upload)
          ledger.delete(upload)
        }
        for (const finished of whole)
          if (finished.ended && !ledger.has(finished)) whole.delete(finished)
        const lawful =
          budget.held === sum(() => true) &&
          budget.held <= total &&
          sum(({ over }) => over) <= total / 4 &&
          beside() + sum((_, held) => held > 64 * KiB) <= (total * 3) / 4 &&
          ['1', '2', '3', '4'].every(a => sum(({ account }) => account === a) <= total / 8) &&
          [...ledger].every(([upload, held]) => upload.held === held)
        if (!lawful) return false
      }
      for (const upload of all) budget.release(upload)
      return budget.held === 0 && all.every(upload => upload.held === 0)
    }),
  )
  t.pass('no counter-example')
})

t.test(
  'where there is less room from now on, the slowest are ended until the rest fits',
  async t => {
    const budget = new Budget(TOTAL)
    const whole = open(budget)
    const slow = open(budget)
    const quick = open(budget, { since: 4_000 })
    const young = open(budget, { since: 4_900 })
    for (const one of [whole, slow, quick, young]) budget.take(one, 1024 * KiB, 4_900)
    budget.complete(whole)
    budget.resize(3072 * KiB, 5_000)
    t.same(
      [whole, slow, quick, young].map(({ ended }) => ended),
      [false, true, false, false],
    )
    t.same([budget.held, budget.total], [3072 * KiB, 3072 * KiB])
    budget.resize(4 * KiB, 5_000)
    t.same([whole.ended, quick.ended, young.ended], [false, true, true], 'what is whole stays')
    t.equal(budget.held, 1024 * KiB)
    budget.release(whole)
    budget.resize(TOTAL, 5_000)
    t.equal(budget.take(open(budget), 1024 * KiB, 5_000), true, 'and back')
  },
)

t.test('after another size nothing unfinished is held beyond it', async t => {
  const act = fc.record({
    what: fc.constantFrom('open', 'take', 'take', 'take', 'complete', 'release', 'resize'),
    n: fc.nat(30),
    size: fc.integer({ min: 1, max: 400 }),
    gap: fc.nat(400),
  })
  fc.assert(
    fc.property(fc.array(act, { maxLength: 200 }), acts => {
      const budget = new Budget(2048 * KiB)
      const all: Trial[] = []
      let now = 0
      for (const { what, n, size, gap } of acts) {
        now += gap
        const upload = all[n % Math.max(all.length, 1)]
        if (what === 'open' || upload === undefined)
          all.push(open(budget, { account: n % 5 === 0 ? undefined : `${n % 5}`, since: now }))
        else if (what === 'take') budget.take(upload, size * KiB, now)
        else if (what === 'complete') budget.complete(upload)
        else if (what === 'release') budget.release(upload)
        else budget.resize(n * size * KiB, now)
        const unfinished = all.filter(({ hold, held }) => hold?.finished === false && held > 0)
        if (budget.held > budget.total && unfinished.length > 0) return false
        if (budget.held !== all.reduce((sum, { held }) => sum + held, 0)) return false
        if (all.some(({ ended, held }) => ended && held > 0)) return false
      }
      for (const one of all) budget.release(one)
      budget.resize(2048 * KiB, now)
      const last = open(budget, { account: undefined })
      const most = 1536 * KiB - (2048 / 64) * KiB // all sums are where they began
      return budget.take(last, most, now) && !budget.take(last, 1, now)
    }),
  )
  t.pass('no counter-example')
})
