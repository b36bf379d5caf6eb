import { type Logger, pino } from 'pino'
import type { Clock } from '../clock.ts'
import { REASONS } from '../reasons.ts'
import type { Bytes } from '../units.ts'
import type { Settled } from './settled.ts'
import { type Put, Sink, standardOutput } from './sink.ts'
import { Stamp } from './stamp.ts'
import { LineWords } from './words.ts'

/** What an operator's line says beside its sentence. Never a secret, and of what a sender wrote a name at most. */
export type Fields = Readonly<Record<string, string | number | boolean | undefined>>

/** The parts of a line that are the same in all. */
const LEVELS = {
  debug: Buffer.from('{"level":"debug"'),
  info: Buffer.from('{"level":"info"'),
  warn: Buffer.from('{"level":"warn"'),
  error: Buffer.from('{"level":"error"'),
} as const
const REQUEST_ID = Buffer.from(',"request_id":"')
const DURATION = Buffer.from(',"duration_ms":')
const UPSTREAM = Buffer.from(',"upstream_ms":')
const ADDRESS = Buffer.from(',"address":"')
const QUOTE = Buffer.from('"')
const DETAIL = Buffer.from(',"detail":')
const CLOSE = Buffer.from('}')
/** More than all but the words of a line and its detail take. */
const REST: Bytes = 512

export interface LogOptions {
  readonly clock: Clock
  /** Standard output unless given. */
  readonly put?: Put
}

/** One JSON object on each line: one for each request, and sentences for the operator. */
export class Log {
  readonly #sink: Sink
  readonly #pino: Logger
  readonly #stamp: Stamp
  readonly #words = new LineWords()

  constructor({ clock, put = standardOutput() }: LogOptions) {
    this.#sink = new Sink(put, clock)
    this.#stamp = new Stamp(clock)
    this.#pino = pino(
      {
        base: null, // neither pid nor host: the container's runtime knows both
        timestamp: () => this.#stamp.text(),
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
    const { reason, upstream, detail } = end
    const words = this.#words.of(end)
    const told = detail === undefined ? undefined : Buffer.from(JSON.stringify(detail))
    const block = this.#sink.begin(REST + words.length + (told?.length ?? 0))
    if (block === undefined) return
    block.copy(LEVELS[reason === undefined ? 'info' : REASONS[reason].level])
    this.#stamp.onto(block)
    block.copy(REQUEST_ID)
    block.ascii(end.requestId)
    block.copy(words)
    block.integer(end.bytes)
    block.copy(DURATION)
    block.millis(end.duration)
    if (upstream !== undefined) {
      block.copy(UPSTREAM)
      block.millis(upstream)
    }
    block.copy(ADDRESS)
    block.ascii(end.address)
    block.copy(QUOTE)
    if (told !== undefined) {
      block.copy(DETAIL)
      block.copy(told)
    }
    block.copy(CLOSE)
    this.#sink.end(block)
  }

  /** The routes of the map are others from now on. */
  routesChanged(): void {
    this.#words.forget()
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
