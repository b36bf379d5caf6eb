/** What an operator must act on: thrown at start, at reload and by the command line, never for a delivery. */
export class Fault extends Error {
  /** Stable word for scripts and tests, such as `port_in_use`. */
  readonly code: string

  constructor(code: string, message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = 'Fault'
    this.code = code
  }
}
