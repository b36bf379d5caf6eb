import t, { type Test } from 'tap'
import type { WebhookFlow } from '../../../src/discovery/flows.ts'
import type { FlowSource, Look } from '../../../src/discovery/source.ts'
import { FlowWatch } from '../../../src/discovery/watch.ts'
import { ManualClock } from '../../support/manual-clock.ts'

const flows = (count: number, from = 0): WebhookFlow[] =>
  Array.from({ length: count }, (_, n) => ({
    id: `0b6f0c1e-6b1f-4c57-9a53-${String(n + from).padStart(12, '0')}`,
    app: 'github',
    sync: false,
    published: true,
  }))

/** A source that answers when it is told to, and says when it was asked. */
class Source implements FlowSource {
  readonly asked: { at: number; known: string | undefined }[] = []
  closed = 0
  odd = 0
  readonly #clock: ManualClock
  #answer: (() => void) | undefined
  #flows: readonly WebhookFlow[] = []

  constructor(clock: ManualClock) {
    this.#clock = clock
  }

  look(known?: string): Promise<Look> {
    this.asked.push({ at: this.#clock.now(), known })
    return new Promise((resolve, reject) => {
      this.#answer = () => {
        if (this.#flows === GONE) return reject(new Error('away'))
        const mark = this.#flows.map(one => `${one.id}${one.published}`).join()
        resolve({ mark, flows: mark === known ? undefined : this.#flows, odd: this.odd })
      }
    })
  }

  close(): void {
    this.closed++
  }

  /** Answers the look that is under way, and lets everybody hear it. */
  async answers(flows: readonly WebhookFlow[]): Promise<void> {
    this.#flows = flows
    this.#answer?.()
    this.#answer = undefined
    await turn()
  }

  get busy(): boolean {
    return this.#answer !== undefined
  }
}

const GONE: readonly WebhookFlow[] = []
const turn = () => new Promise<void>(resolve => setImmediate(resolve))

function watching(t: Test, known?: readonly WebhookFlow[]) {
  const clock = new ManualClock()
  const start = clock.now()
  const source = new Source(clock)
  const said: string[] = []
  const watch = new FlowWatch({
    ...{ source, clock, known, every: 15_000 },
    told: {
      changed: all => said.push(`changed ${all.length}`),
      up: () => said.push('up'),
      down: cause => said.push(`down ${cause}`),
      doubted: ({ gone, of }, looks) => said.push(`doubted ${gone} of ${of}, ${looks}`),
      believed: ({ gone, of }) => said.push(`believed ${gone} of ${of}`),
      odd: rows => said.push(`odd ${rows}`),
    },
  })
  t.teardown(() => watch.close())
  const asked = () => source.asked.map(({ at }) => at - start)
  return { clock, source, watch, said, asked, heard: () => said.splice(0) }
}

t.test('it looks at once, then every so often, and tells what has changed', async t => {
  const { clock, source, watch, heard, asked } = watching(t)
  t.same(asked(), [0])
  t.equal(watch.flows, undefined)
  t.equal(watch.up, false)
  await source.answers(flows(2))
  t.same(heard(), ['up', 'changed 2'])
  t.equal(watch.up, true)
  clock.advance(14_999)
  t.same(asked(), [0])
  clock.advance(1)
  t.same(asked(), [0, 15_000])
  await source.answers(flows(2))
  t.same(heard(), [], 'nothing changed')
  clock.advance(15_000)
  await source.answers(flows(1))
  t.same(heard(), ['changed 1'])
})

t.test('the source is shown what is known, so that it need not read it again', async t => {
  const { clock, source } = watching(t)
  await source.answers(flows(1))
  clock.advance(15_000)
  t.same(
    source.asked.map(({ known }) => known),
    [undefined, `${flows(1)[0]?.id}true`],
  )
})

t.test(
  'whoever seeks waits for a look that begins after that, and there is one a second at most',
  async t => {
    const { clock, source, watch, asked } = watching(t)
    const first = watch.seek()
    t.same(asked(), [0], 'the look that began in the same instant will do')
    const told: unknown[] = []
    void Promise.resolve(first).then(seen => told.push(seen))
    clock.advance(10)
    const late = Promise.resolve(watch.seek())
    void late.then(seen => told.push(seen))
    await source.answers(flows(1))
    t.same(told, [true], 'the second came while the look was under way: what it saw may be older')
    clock.advance(989)
    t.same(asked(), [0])
    clock.advance(1)
    t.same(asked(), [0, 1000])
    clock.advance(1)
    for (let i = 0; i < 100; i++) void watch.seek()
    await source.answers(flows(1))
    t.same(told, [true, true])
    clock.advance(999)
    t.same(asked(), [0, 1000, 2000], 'a hundred that seek are one look')
  },
)

t.test('nobody waits longer than two seconds, and nobody beyond the thousandth at all', async t => {
  const { clock, source, watch } = watching(t)
  const all = Array.from({ length: 1001 }, () => watch.seek())
  t.equal(all[1000], false)
  clock.advance(1999)
  let told = 0
  for (const one of all) void Promise.resolve(one).then(() => told++)
  await turn()
  t.equal(told, 1)
  clock.advance(1)
  t.same(new Set(await Promise.all(all)), new Set([false]))
  await source.answers(flows(1))
})

t.test(
  'a source that is away is asked again soon, then less often; what is known stays',
  async t => {
    const { clock, source, watch, heard, asked } = watching(t, flows(5))
    t.equal(watch.flows?.length, 5)
    const found = watch.seek()
    await source.answers(GONE)
    t.same(heard(), ['down away'])
    t.equal(await found, false, 'nobody knows')
    t.equal(watch.flows?.length, 5)
    for (const wait of [2000, 4000, 8000, 15_000, 15_000]) {
      const before = asked().length
      clock.advance(wait - 1)
      t.equal(asked().length, before)
      clock.advance(1)
      t.equal(asked().length, before + 1)
      await source.answers(GONE)
    }
    t.same(heard(), [], 'said once')
    clock.advance(15_000)
    await source.answers(flows(5))
    t.same(heard(), ['up'])
    clock.advance(15_000)
    await source.answers(GONE)
    t.same(heard(), ['down away'])
  },
)

t.test('a look that hangs is given up, and what it says later is not heard', async t => {
  const { clock, source, watch, heard, asked } = watching(t)
  clock.advance(29_999)
  t.same(asked(), [0])
  clock.advance(1)
  await turn()
  t.same(heard(), ['down no answer within 30 s'])
  t.equal(source.closed, 1)
  await source.answers(flows(3))
  t.same(heard(), [])
  t.equal(watch.flows, undefined)
  clock.advance(15_000)
  t.same(asked(), [0, 45_000])
  await source.answers(flows(3))
  t.same(heard(), ['up', 'changed 3'])
})

t.test(
  'an emptied database changes nothing until three looks, each `every` apart, agree',
  async t => {
    const { clock, source, watch, heard } = watching(t, flows(8))
    await source.answers(flows(8))
    t.same(heard(), ['up'])
    clock.advance(15_000)
    await source.answers([])
    t.same(heard(), ['doubted 8 of 8, 1'])
    t.equal(watch.doubting, true)
    t.equal(watch.up, true)
    for (let second = 0; second < 10; second++) {
      clock.advance(1000)
      const found = watch.seek()
      t.equal(source.busy, true)
      await source.answers([])
      t.equal(await found, false, 'nobody knows while it is doubted')
    }
    t.same(heard(), [], 'strangers do not hurry it')
    clock.advance(15_000)
    await source.answers([])
    t.same(heard(), ['doubted 8 of 8, 2'])
    t.equal(watch.flows?.length, 8)
    clock.advance(15_000)
    await source.answers([])
    t.same(heard(), ['believed 8 of 8', 'changed 0'])
    t.equal(watch.doubting, false)
  },
)

t.test(
  'looks that do not agree begin anew, and a database that recovers ends the doubt',
  async t => {
    const { clock, source, watch, heard } = watching(t, flows(8))
    await source.answers(flows(8))
    const next = async (seen: readonly WebhookFlow[]) => {
      clock.advance(15_000)
      await source.answers(seen)
    }
    await next([])
    await next([])
    await next(flows(2))
    t.same(heard().slice(1), ['doubted 8 of 8, 1', 'doubted 8 of 8, 2', 'doubted 6 of 8, 1'])
    await next(flows(8))
    t.equal(watch.doubting, false)
    t.same(heard(), [], 'the set is the one that was served all the time')
    await next([])
    t.same(heard(), ['doubted 8 of 8, 1'])
    await next(flows(5))
    t.same(heard(), ['changed 5'], 'fewer, yet no more than somebody tidies up')
  },
)

t.test('once closed it asks no more, and leaves nobody waiting', async t => {
  const { clock, source, watch, heard } = watching(t)
  const waiting = watch.seek()
  watch.close()
  t.equal(await waiting, false)
  t.equal(watch.seek(), false)
  await source.answers(flows(1))
  clock.advance(3_600_000)
  t.equal(source.asked.length, 1)
  t.same(heard(), [])
  t.equal(clock.waiting, 0)
})

t.test('rows that were left out are told of once, until they are others', async t => {
  const { clock, source, heard } = watching(t)
  const next = async (odd: number, count: number) => {
    source.odd = odd
    await source.answers(flows(count))
    clock.advance(15_000)
  }
  await next(2, 1)
  t.same(heard(), ['up', 'odd 2', 'changed 1'])
  await next(2, 2)
  t.same(heard(), ['changed 2'])
  await next(3, 3)
  t.same(heard(), ['odd 3', 'changed 3'])
})
