import t, { type Test } from 'tap'
import { type Hookwarden, startHookwarden } from '../support/hookwarden.ts'
import { ManualClock } from '../support/manual-clock.ts'
import { type Recorder, startRecorder } from '../support/recorder.ts'
import { NO_REDIS, redisClient, startRedis } from '../support/redis.ts'
import { exchange, type Pieces, post } from '../support/sender.ts'
import { ENV, FLOW, GITHUB, GITLAB, genuine, STRIPE } from './stage.ts'

const MINUTE = 60_000
const REPORTED = '/in/reported'
const OPEN = '/in/open'

/** Limits that an hour would not refill: what is spent stays spent. */
const MAP = `
providers:
  github: { secret: env:GITHUB, flows: [${FLOW}], limits: { per_provider: 10/10h } }
  stripe: { secret: env:STRIPE, path: ${STRIPE}, to: flow:7c1d9f0e-2f57-4f0a-9d7d-1f6b8d0c3e22 }
  gitlab: { secret: env:GITLAB, path: ${GITLAB}, to: flow:3f8a6a50-0b9c-4a2d-8e0f-6c2c5f4e9b33, limits: { per_address: 3/10h } }
  reported: { preset: github, mode: report, secret: env:GITHUB, path: ${REPORTED}, to: flow:5c2f9b1a-4d3e-4f6a-8b7c-9d0e1f2a3b4c }
  open: { scheme: { none: it cannot sign }, path: ${OPEN}, to: flow:6d3f9b1a-4d3e-4f6a-8b7c-9d0e1f2a3b4d }
`

/** Replicas in this process, each with a clock of its own. */
interface Replicas {
  readonly replicas: readonly Hookwarden[]
  readonly clocks: readonly ManualClock[]
  readonly recorder: Recorder
}

async function replicas(t: Test, count: number, store = ''): Promise<Replicas> {
  const recorder = await startRecorder()
  t.teardown(() => recorder.close())
  const clocks = Array.from({ length: count }, () => new ManualClock())
  const started: Hookwarden[] = []
  for (const clock of clocks) {
    const options = { map: store + MAP, env: ENV, upstream: recorder.port, clock }
    const hookwarden = await startHookwarden(options)
    t.teardown(() => hookwarden.close())
    started.push(hookwarden)
  }
  return { replicas: started, clocks, recorder }
}

async function statuses(
  to: readonly Hookwarden[],
  bytes: Pieces,
): Promise<readonly (number | undefined)[]> {
  const got: (number | undefined)[] = []
  for (const { port } of to) got.push((await exchange(port, bytes))?.status)
  return got
}

const unlike = (id: number | string): Pieces => genuine('github', GITHUB, `{"id":"${id}"}`)

/** A clock that is set back by a minute, then forth by two, then right again. */
async function clockJumps(t: Test, { replicas, clocks, recorder }: Replicas): Promise<void> {
  const [clock] = clocks as [ManualClock]
  const [first] = replicas as [Hookwarden]
  for (let id = 0; id < 10; id++) {
    const to = replicas[id % replicas.length] as Hookwarden
    t.same(await statuses([to], unlike(id)), [204])
  }
  const timed = genuine('stripe', STRIPE, '{"id":1}')
  t.same(await statuses([first], timed), [204])
  const wrong = post({
    target: GITLAB,
    headers: [
      ['Content-Type', 'application/json'],
      ['X-Gitlab-Token', 'not the secret of gitlab'],
    ],
    body: '{}',
  })
  for (const status of [401, 401, 401, 429]) t.same(await statuses([first], wrong), [status])
  const all = (status: number) => replicas.map(() => status)
  for (const [i, jump] of [0, -MINUTE, 2 * MINUTE, -MINUTE].entries()) {
    clock.setWall(clock.wall() + jump)
    const answer = await exchange(first.port, unlike(`more ${i}`))
    t.equal(answer?.status, 429, 'what was spent is spent')
    const retry = Number(answer?.header('retry-after'))
    t.ok(retry > 3_500 && retry <= 3_600, `nor is anybody shut out for longer: ${retry} s`)
    t.same(await statuses(replicas, unlike(`other ${i}`)), all(429), 'everywhere')
    t.same(await statuses(replicas, unlike(i)), all(200), 'what was delivered is known')
    t.same(await statuses(replicas, timed), all(200), 'also by its signed time')
    t.same(await statuses([first], wrong), [429], 'an address that was limited stays limited')
  }
  t.equal(recorder.requests.length, 11)
}

t.test('a clock that is set back and forth by a minute changes nothing', async t => {
  t.test('of a process alone', async t => clockJumps(t, await replicas(t, 1)))
  t.test('of one of two replicas', { skip: NO_REDIS }, async t => {
    const redis = await startRedis()
    t.teardown(() => redis.close())
    await clockJumps(t, await replicas(t, 2, `store: ${redis.url}\n`))
  })
  t.test('even where the sender is as early as it may be', async t => {
    const { replicas: alone, clocks } = await replicas(t, 1)
    const [clock] = clocks as [ManualClock]
    const early = genuine('stripe', STRIPE, '{"id":2}', { wall: clock.wall() + 5 * MINUTE - 1_000 })
    t.same(await statuses(alone, early), [204])
    clock.advance(10 * MINUTE + 1)
    clock.setWall(clock.wall() - MINUTE)
    t.same(await statuses(alone, early), [200], 'it is fresh once more, and known all the same')
    clock.advance(MINUTE)
    t.same(await statuses(alone, early), [401], 'until it is not fresh any more')
  })
})

t.test('nothing that is unproven reaches Redis', { skip: NO_REDIS }, async t => {
  const redis = await startRedis()
  const client = redisClient(redis.port)
  t.teardown(async () => {
    client.disconnect()
    await redis.close()
  })
  const { replicas: started, recorder } = await replicas(t, 1, `store: ${redis.url}\n`)
  const calls = async (): Promise<Map<string, number>> => {
    const info = await client.info('commandstats')
    const found = info.matchAll(/^cmdstat_(?<name>[^:]+):calls=(?<calls>\d+)/gm)
    return new Map([...found].map(([, name = '', count]) => [name, Number(count)]))
  }
  const scripts = async (): Promise<number> => {
    const made = await calls()
    return (made.get('evalsha') ?? 0) + (made.get('eval') ?? 0)
  }
  /** Resolves with how many scripts ran, once all that is expected did. */
  const scriptsUntil = async (least: number): Promise<number> => {
    while ((await scripts()) < least);
    return scripts()
  }
  t.same(await statuses(started, unlike('first')), [204])
  await scriptsUntil(4) // with the question whether it is alive

  const json = ['Content-Type', 'application/json'] as const
  const unproven: readonly (readonly [string, Pieces, number])[] = [
    ['a forged body', genuine('github', GITHUB, '{"id":1}', { sent: '{"id":2}' }), 401],
    ['no signature', post({ target: GITHUB, headers: [json], body: '{}' }), 401],
    ['a signed time of long ago', genuine('stripe', STRIPE, '{}', { wall: 1e12 }), 401],
    ['no route', post({ target: '/nowhere', headers: [json], body: '{}' }), 404],
    ['too large a body', genuine('github', GITHUB, `"${'x'.repeat(2 ** 20)}"`), 413],
    ['report mode', post({ target: REPORTED, headers: [json], body: '{}' }), 204],
    ['a sender that cannot sign', post({ target: OPEN, headers: [json], body: '{}' }), 204],
  ]
  const before = await calls()
  for (const [what, bytes, status] of unproven) {
    for (let i = 0; i < 5; i++) t.same(await statuses(started, bytes), [status], what)
  }
  const after = await calls()
  for (const made of [before, after]) made.delete('info')
  t.same([...after], [...before], 'no command at all')
  t.equal(recorder.requests.length, 11)

  const settled = await scripts()
  t.same(await statuses(started, unlike('second')), [204])
  t.equal((await scriptsUntil(settled + 3)) - settled, 3, 'claim, turn and ending of one delivery')
  t.same(await statuses(started, unlike('second')), [200])
  t.equal((await scripts()) - settled, 3, 'a repetition that the replica knows asks nothing')
})
