import { type Connection, connect } from '../support/sender.ts'
import type { Conversation } from './mutate.ts'

/** What a sender saw of one conversation. */
export interface Told {
  readonly statuses: readonly number[]
  /** What was wrong with what came back; undefined for nothing. */
  readonly fault: string | undefined
}

/** How long a sender that wrote all waits for an answer, and how long for the connection to end. Milliseconds. */
const ANSWER = 100
const END = 15_000
/** How often a connection is tried. */
const HANDSHAKES = 5

/** Writes a conversation in its pieces, reads what comes back, and ends. */
export async function converse(port: number, conversation: Conversation): Promise<Told> {
  const { pieces, hasty, untouched } = conversation
  const connection = await dial(port)
  const statuses: number[] = []
  const reading = (async () => {
    for (;;) {
      const answer = await connection.answerOrClose()
      if (answer === undefined) return
      statuses.push(answer.status)
    }
  })()
  for (const piece of pieces) if (!(await connection.write(piece))) break
  const waits = untouched === undefined ? ANSWER : END
  if (!hasty) await soon(waits, () => statuses.length > 0 || connection.socket.closed)
  connection.end()
  const ended = await soon(END, () => connection.socket.closed)
  connection.destroy()
  await reading
  const bodiless = pieces.join('').includes('HEAD ')
  const fault = !ended
    ? 'the connection does not end'
    : connection.fault === undefined || bodiless
      ? undefined
      : `what came back is no answer: ${connection.fault}`
  return { statuses, fault }
}

/** Connects. On a machine that is too busy a handshake may miss its deadline, which is no fault of what is sent behind it. */
async function dial(port: number): Promise<Connection> {
  for (let tries = 1; tries < HANDSHAKES; tries++) {
    const connection = await connect(port).catch(() => undefined)
    if (connection !== undefined) return connection
  }
  return connect(port)
}

/** Whether something holds before the time is over. */
async function soon(time: number, holds: () => boolean): Promise<boolean> {
  const ends = performance.now() + time
  while (!holds()) {
    if (performance.now() > ends) return false
    await new Promise(resolve => setTimeout(resolve, 2))
  }
  return true
}
