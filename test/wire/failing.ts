import type { Test } from 'tap'
import { type Recorder, type RecorderOptions, startRecorder } from '../support/recorder.ts'
import { type Answer, exchange } from '../support/sender.ts'
import { GITHUB, genuine, type Stage, wordOf } from './stage.ts'

/** A head of an answer. */
export const head = (line: string, ...fields: string[]) =>
  `HTTP/1.1 ${[line, ...fields].join('\r\n')}\r\n\r\n`
export const NO_BODY = 'Content-Length: 0'
export const NO_CONTENT = head('204 No Content')
export const LARGE = 900 * 1024

let made = 0

/** A body of its own for each delivery, so that it is known again. */
export function bodyOf(size = 0): string {
  made += 1
  return `{"n":${made},"padding":"${'x'.repeat(Math.max(0, size - 24))}"}`
}

/** What is counted of a delivery. */
export const COUNTED = /^hookwarden_(?:requests|rejections|upstream_requests)_total/

/** A failure of the upstream as the sender is told of it: when to come again, and nothing of what failed. */
export function ours(t: Test, answer: Answer | undefined, what: string): void {
  t.equal(wordOf(answer), 'upstream', what)
  t.same(Object.keys(JSON.parse(answer?.text() ?? '{}')), ['error', 'request_id'], what)
  t.match(answer?.header('retry-after'), /^[1-9]\d*$/, what)
  t.notMatch(
    answer?.head.toString('latin1'),
    /127\.0\.0\.1|ECONN|undici|nonsense|X-A|powered/i,
    what,
  )
}

/** Sends a genuine delivery; the rest of its body is whatever makes it differ from others. */
export const deliver = (on: Stage, body: string): Promise<Answer | undefined> =>
  exchange(on.port, genuine('github', GITHUB, body))

/** Resolves when the circuit has the level. */
export const circuit = (on: Stage, level: 0 | 1 | 2): Promise<void> =>
  on.until(async () => (await on.hookwarden.metrics()).get('hookwarden_circuit_state') === level)

/** What came whole, in its order. */
export const bodies = (recorder: Pick<Recorder, 'requests'>): string[] =>
  recorder.requests.filter(({ complete }) => complete).map(({ body }) => body.toString())

/** Resolves when `count` deliveries have come whole. */
export const proceed = (on: Stage, count: number) =>
  on.until(() => bodies(on.recorder).length >= count)
export const FORM = '9a3f8c52-7d1e-4b60-8c2f-5e4d3c2b1a09'

/** Closes the listener of the upstream, and gives what opens it again. */
export async function away(
  on: Stage,
  t: Test,
): Promise<(options?: RecorderOptions) => Promise<Recorder>> {
  const { port } = on.recorder
  await on.recorder.close()
  return async (options = {}) => {
    const back = await startRecorder({ ...options, port })
    t.teardown(() => back.close())
    return back
  }
}

/** Requests that are being handled. */
export const waiting = async (on: Stage) =>
  (await on.hookwarden.metrics()).get('hookwarden_in_flight_requests')
