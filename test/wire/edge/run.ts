import type { Test } from 'tap'
import { REASONS } from '../../../src/reasons.ts'
import type { RecordedRequest } from '../../support/recorder.ts'
import { type Answer, type Connection, connect } from '../../support/sender.ts'
import { GITHUB, genuine, type Stage, stage, wordOf } from '../stage.ts'
import type { Case, Table } from './case.ts'

/** Runs a table on a listener of its own, one case after the other. */
export async function runTable(t: Test, { options, cases, still = false }: Table): Promise<void> {
  const on = await stage(t, options)
  for (const [index, one] of cases.entries()) {
    const connection = await runCase(t, on, one)
    if (one.after === 'keep' && !still) await isInStep(t, on, connection, one, index)
    if (one.answers.length > 0 || one.after === 'keep')
      t.equal(connection.fault, undefined, one.what)
    connection.destroy()
  }
  t.same(on.recorder.faults, [], 'the upstream could read every byte')
}

/** Runs a table all at once: for what waits by the clock on the wall. Nothing of it ends by the stage's. */
export async function runTogether(t: Test, { options, cases }: Table): Promise<void> {
  const on = await stage(t, options)
  const moves = await on.counted(async () => {
    await Promise.all(
      cases.map(async one => {
        const connection = await connect(on.port)
        const coming = one.answers.map(() => connection.answerOrClose())
        await play(on, connection, one)
        const answers: Answer[] = []
        for (const one of coming) answers.push(...[(await one) ?? []].flat())
        await closes(on, connection, answers)
        const statuses = answers.map(answer => answer.status)
        t.same(statuses, one.answers, `${one.what}: answers`)
        t.ok(connection.socket.closed, `${one.what}: it ends`)
      }),
    )
    await allOver(on)
  })
  const reasons = cases.flatMap(one => one.reasons)
  t.same(reasonsOf(moves), reasons.toSorted(), 'reasons')
  const reaches = cases.flatMap(one => one.reaches)
  t.same(on.recorder.requests.map(bodyOf).toSorted(), reaches.toSorted(), 'upstream')
}

/** One case on a connection of its own: its answers, what the upstream saw, what was counted, whether it ends. */
async function runCase(t: Test, on: Stage, one: Case): Promise<Connection> {
  const before = on.recorder.requests.length
  on.recorder.react(one.reaction)
  const connection = await connect(on.port)
  const answers: Answer[] = []
  const moves = await on.counted(async () => {
    const bodiless = typeof one.send === 'string' && one.send.startsWith('HEAD ')
    const coming = one.answers.map(() => inTime(connection.answerOrClose({ bodiless })))
    await play(on, connection, one)
    for (const answer of await Promise.all(coming)) if (answer !== undefined) answers.push(answer)
    if (one.after === 'close') await closes(on, connection, answers)
    await allOver(on)
  })
  const statuses = answers.map(answer => answer.status)
  t.same(statuses, one.answers, `${one.what}: answers`)
  t.same(reasonsOf(moves), one.reasons.toSorted(), `${one.what}: reasons`)
  t.same(strangeWords(answers, one), [], `${one.what}: words`)
  const came = on.recorder.requests.slice(before)
  t.same(came.map(bodyOf), one.reaches, `${one.what}: upstream`)
  one.look?.(answers, on)
  return connection
}

async function play(on: Stage, connection: Connection, { send }: Case): Promise<void> {
  if (typeof send === 'function') await send(connection, on)
  else if (typeof send === 'string') void connection.write(send)
  else void connection.send(send)
}

/** Words of our own answers that none of the reasons says. */
function strangeWords(answers: readonly Answer[], { reasons }: Case): unknown[] {
  const said = new Set<unknown>(reasons.map(reason => REASONS[reason].says))
  const ours = answers.filter(answer => answer.text().startsWith('{"error"'))
  return ours.map(wordOf).filter(word => !said.has(word))
}

/** The next delivery on the same connection is taken for what it is. */
async function isInStep(
  t: Test,
  on: Stage,
  connection: Connection,
  { what }: Case,
  index: number,
): Promise<void> {
  on.recorder.react(undefined)
  const before = on.recorder.requests.length
  const body = `{"in_step":${index}}`
  const coming = inTime(connection.answerOrClose())
  await connection.send(genuine('github', GITHUB, body, { wall: on.clock.wall() }))
  const answer = await coming
  t.equal(answer?.status, 204, `${what}: the connection serves the next`)
  t.same(on.recorder.requests.slice(before).map(bodyOf), [body], `${what}: and nothing else`)
}

/** What lingers to be read is ended by the stage's clock. */
async function closes(on: Stage, connection: Connection, answers: Answer[]): Promise<void> {
  let open = true
  void inTime(connection.closed).then(() => {
    open = false
  })
  await on.until(() => {
    if (open) on.clock.advance(500)
    return !open
  })
  const more = await inTime(connection.answerOrClose())
  if (more !== undefined) answers.push(more)
}

/** Nothing is in flight any more. */
async function allOver(on: Stage): Promise<void> {
  const ends = performance.now() + PATIENCE
  await on.until(
    async () => (await on.hookwarden.metrics()).get(IN_FLIGHT) === 0 || performance.now() > ends,
  )
}

const IN_FLIGHT = 'hookwarden_in_flight_requests'
/** What does not come in this time fails its case, and not the whole run. Milliseconds. */
const PATIENCE = 5000

function inTime<T>(coming: Promise<T>): Promise<T | undefined> {
  return new Promise(resolve => {
    const timer = setTimeout(resolve, PATIENCE, undefined)
    void coming.then(value => {
      clearTimeout(timer)
      resolve(value)
    })
  })
}

function reasonsOf(moves: Record<string, number>): string[] {
  const reasons = Object.entries(moves).flatMap(([series, by]) => {
    const reason = /^hookwarden_rejections_total\{.*reason="(.*?)"/.exec(series)?.[1]
    return reason === undefined ? [] : new Array<string>(by).fill(reason)
  })
  return reasons.toSorted()
}

function bodyOf({ body, complete }: RecordedRequest): string {
  return `${body.toString('latin1')}${complete ? '' : ' (cut)'}`
}
