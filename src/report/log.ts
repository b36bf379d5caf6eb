import { type Logger, pino } from 'pino'
import type { Clock } from '../clock.ts'
import { REASONS } from '../reasons.ts'
import type { Millis } from '../units.ts'
import type { Settled } from './settled.ts'
import { type Put, Sink, standardOutput } from './sink.ts'

/** What an operator's line says beside its sentence. Never a secret, and nothing a sender wrote. */
export type Fields = Readonly<Record<string, string | number | boolean | undefined>>

/** Longest method that is written: longer than any that Node's parser knows. */
const METHOD = 16

export interface LogOptions {
  readonly clock: Clock
  /** Standard output unless given. */
  readonly put?: Put
}

/** One JSON object on each line: one for each request, and sentences for the operator. */
export class Log {
  readonly #sink: Sink
  readonly #pino: Logger

  constructor({ clock, put = standardOutput() }: LogOptions) {
    this.#sink = new Sink(put, clock)
    this.#pino = pino(
      {
        base: null, // neither pid nor host: the container's runtime knows both
        timestamp: stamp(clock),
        formatters: { level: level => ({ level }) },
      },
      this.#sink,
    )
  }

  /** Writes the line of one request. */
  settled(end: Settled): void {
    const { reason, method } = end
    this.#pino[reason === undefined ? 'info' : REASONS[reason].level]({
      request_id: end.requestId,
      provider: end.provider,
      outcome: end.outcome,
      reason,
      status: end.status,
      method: method.length > METHOD ? method.slice(0, METHOD) : method,
      route: end.route,
      bytes: end.bytes,
      duration_ms: tenths(end.duration),
      upstream_ms: end.upstream === undefined ? undefined : tenths(end.upstream),
      address: end.address,
      detail: end.detail,
    })
  }

  info(message: string, fields: Fields = {}): void {
    this.#pino.info(fields, message)
  }

  warn(message: string, fields: Fields = {}): void {
    this.#pino.warn(fields, message)
  }

  error(message: string, fields: Fields = {}): void {
    this.#pino.error(fields, message)
  }

  /** Lines that could not be written. */
  get dropped(): number {
    return this.#sink.dropped
  }

  /** Resolves when every line is out or lost, and after a second in any case. */
  flush(): Promise<void> {
    return this.#sink.flush()
  }
}

function tenths(length: Millis): Millis {
  return Math.round(length * 10) / 10
}

/** The `time` of a line, written once for each millisecond. */
function stamp(clock: Clock): () => string {
  let last: Millis | undefined
  let text = ''
  return () => {
    const now = clock.wall()
    if (now !== last) text = `,"time":"${new Date(now).toISOString()}"`
    last = now
    return text
  }
}
