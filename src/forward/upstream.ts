import type { Clock } from '../clock.ts'
import type { Millis } from '../units.ts'
import { Circuit } from './circuit.ts'
import { Origin } from './origin.ts'
import { Pool } from './pool.ts'
import { Probe } from './probe.ts'
import type { Outgoing } from './request.ts'
import { type Answering, Sending } from './sending.ts'

/** What the way to Automatisch is made of. */
export interface UpstreamOptions {
  /** Origin, such as `http://127.0.0.1:3000`. */
  readonly url: string
  /** Deadline of a connect. */
  readonly connect: Millis
  readonly clock: Clock
  /** Told when the circuit opens, with the cause, and when it closes again. */
  readonly changed: (open: boolean, cause?: string) => void
}

/** The one pool of connections to Automatisch, and whether it is there. */
export class Upstream {
  readonly circuit: Circuit
  readonly #pool: Pool
  /** Connections of their own, each for one question: one that is kept would not say whether new ones come about. */
  readonly #probes: Pool

  constructor({ url, connect, clock, changed }: UpstreamOptions) {
    const options = { origin: new Origin(url), connect, clock }
    const unreached = (cause: string) => this.circuit.failed(cause)
    this.#pool = new Pool({ ...options, keeps: true, unreached })
    this.#probes = new Pool({ ...options, keeps: false, unreached: () => {} })
    this.circuit = new Circuit({ clock, changed, probe: told => new Probe(this.#probes, told) })
  }

  /** Sends once, never again: a delivery that may have been received is not repeated (RFC 9110, 9.2.2). */
  send(request: Outgoing, answering: Answering): Sending {
    const sending = new Sending(request, answering)
    this.#pool.send(sending)
    return sending
  }

  close(): void {
    this.circuit.end()
    this.#pool.close()
    this.#probes.close()
  }
}
