import type { Test } from 'tap'
import { REASONS } from '../../../src/reasons.ts'
import { type Answer, type Connection, connect } from '../../support/sender.ts'
import { GITHUB, genuine, type Stage, stage, wordOf } from '../stage.ts'
import type { Case, Table } from './case.ts'

/** Runs a table on a listener of its own, one case after the other. */
export async function runTable(t: Test, { options, cases }: Table): Promise<void> {
  const on = await stage(t, options)
  for (const [index, one] of cases.entries()) await runCase(t, on, one, index)
  t.same(on.recorder.faults, [], 'the upstream could read every byte')
}

/** One case on a connection of its own: its answers, what the upstream saw, what was counted, what becomes of it. */
async function runCase(t: Test, on: Stage, one: Case, index: number): Promise<void> {
  const before = on.recorder.requests.length
  on.recorder.react(one.reaction)
  const connection = await connect(on.port)
  const answers: Answer[] = []
  const moves = await on.counted(async () => {
    const bodiless = typeof one.send === 'string' && one.send.startsWith('HEAD ')
    const reading = one.answers.map(() => inTime(connection.answerOrClose({ bodiless })))
    if (typeof one.send === 'function') await one.send(connection, on)
    else void connection.send(typeof one.send === 'string' ? [latin1(one.send)] : one.send)
    for (const answer of await Promise.all(reading)) if (answer !== undefined) answers.push(answer)
    if (one.after === 'close') await closes(on, connection, answers)
    await allOver(on)
  })
  const statuses = answers.map(answer => answer.status)
  t.same(statuses, one.answers, `${one.what}: answers`)
  t.same(reasonsOf(moves), one.reasons.toSorted(), `${one.what}: reasons`)
  const words = answers.filter(answer => answer.text().startsWith('{"error"')).map(wordOf)
  const said = new Set<unknown>(one.reasons.map(reason => REASONS[reason].says))
  t.same(
    words.filter(word => !said.has(word)),
    [],
    `${one.what}: words`,
  )
  one.look?.(answers, on)
  const came = on.recorder.requests.slice(before)
  t.same(came.map(bodyOf), one.reaches, `${one.what}: upstream`)
  if (one.after === 'keep') await isInStep(t, on, connection, one, index)
  t.equal(connection.fault, undefined, `${one.what}: nothing but answers came back`)
  connection.destroy()
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
  const reading = inTime(connection.answerOrClose())
  await connection.send(genuine('github', GITHUB, body, { wall: on.clock.wall() }))
  const answer = await reading
  t.equal(answer?.status, 204, `${what}: the connection serves the next`)
  t.same(on.recorder.requests.slice(before).map(bodyOf), [body], `${what}: and nothing else`)
}

/** What lingers to be read is ended by the clock, and not before. */
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
  await on.until(async () => (await on.hookwarden.metrics()).get(IN_FLIGHT) === 0)
}

/** What does not come in this time fails its case, and not the whole run. */
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

const IN_FLIGHT = 'hookwarden_in_flight_requests'

function reasonsOf(moves: Record<string, number>): string[] {
  const reasons = Object.entries(moves).flatMap(([series, by]) => {
    const reason = /^hookwarden_rejections_total\{.*reason="(.*?)"/.exec(series)?.[1]
    return reason === undefined ? [] : new Array<string>(by).fill(reason)
  })
  return reasons.toSorted()
}

function bodyOf({ body, complete }: { body: Buffer; complete: boolean }): string {
  return `${body.toString('latin1')}${complete ? '' : ' (cut)'}`
}

function latin1(text: string): Buffer {
  return Buffer.from(text, 'latin1')
}
