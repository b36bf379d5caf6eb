import type { Dispatcher } from 'undici'
import type { Asked } from './circuit.ts'

/** What Automatisch answers while it lives, whatever becomes of its database. */
const PATH = '/healthcheck'

/**
 * Asks the upstream once whether it is there. Any answer says so but a 5xx: a proxy before Automatisch would give
 * that for it.
 */
export class Probe implements Dispatcher.DispatchHandler, Asked {
  #told: ((alive: boolean) => void) | undefined
  #controller: Dispatcher.DispatchController | undefined
  #cancelled = false

  constructor(connections: Dispatcher, told: (alive: boolean) => void) {
    this.#told = told
    connections.dispatch({ method: 'GET', path: PATH }, this)
  }

  cancel(): void {
    this.#told = undefined
    this.#cancelled = true
    this.#controller?.abort(new Error('the probe is not wanted any more'))
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller
    if (this.#cancelled) controller.abort(new Error('the probe is not wanted any more'))
  }

  onResponseStart(_: Dispatcher.DispatchController, status: number): void {
    if (status >= 200) this.#tell(status < 500)
  }

  onResponseData(): void {}

  onResponseEnd(): void {}

  onResponseError(): void {
    this.#tell(false)
  }

  #tell(alive: boolean): void {
    const told = this.#told
    this.#told = undefined
    told?.(alive)
  }
}
