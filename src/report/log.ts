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
/** How many words are remembered as JSON. */
const WORDS = 4096

export interface LogOptions {
  readonly clock: Clock
  /** Standard output unless given. */
  readonly put?: Put
}

/** One JSON object on each line: one for each request, and sentences for the operator. */
export class Log {
  readonly #sink: Sink
  readonly #pino: Logger
  readonly #stamp: () => string
  readonly #words = new Map<string, string>()

  constructor({ clock, put = standardOutput() }: LogOptions) {
    this.#sink = new Sink(put, clock)
    this.#stamp = stamp(clock)
    this.#pino = pino(
      {
        base: null, // neither pid nor host: the container's runtime knows both
        timestamp: this.#stamp,
        formatters: { level: level => ({ level }) },
      },
      this.#sink,
    )
  }

  /**
   * Writes the line of one request. It is put together here, because pino takes four times as long for it. What a
   * sender wrote is its method alone, and that is escaped; an address was parsed and written anew.
   */
  settled(end: Settled): void {
    const { reason, method, upstream, detail, route } = end
    let line = `{"level":"${reason === undefined ? 'info' : REASONS[reason].level}"${this.#stamp()}`
    line += `,"request_id":"${end.requestId}","provider":${this.#quoted(end.provider)},"outcome":"${end.outcome}"`
    if (reason !== undefined) line += `,"reason":"${reason}"`
    line += `,"status":${end.status},"method":${this.#quoted(method.slice(0, METHOD))}`
    if (route !== undefined) line += `,"route":${this.#quoted(route)}`
    line += `,"bytes":${end.bytes},"duration_ms":${tenths(end.duration)}`
    if (upstream !== undefined) line += `,"upstream_ms":${tenths(upstream)}`
    line += `,"address":"${end.address}"`
    if (detail !== undefined) line += `,"detail":${JSON.stringify(detail)}`
    this.#sink.write(`${line}}\n`)
  }

  /** A word as JSON. Words of the map and usual methods are remembered, a bounded number of them. */
  #quoted(word: string): string {
    let quoted = this.#words.get(word)
    if (quoted === undefined) {
      quoted = JSON.stringify(word)
      if (this.#words.size < WORDS) this.#words.set(word, quoted)
    }
    return quoted
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
