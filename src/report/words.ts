import type { Settled } from './settled.ts'

/** Longest method that is written: longer than any that Node's parser knows. */
const METHOD = 16
/** How many combinations are remembered for one route; senders choose the method. */
const EACH = 16
/** How many routes have combinations remembered. */
const ROUTES = 4096

type Said = Pick<Settled, 'provider' | 'outcome' | 'reason' | 'status' | 'method' | 'route'>

interface Known {
  readonly provider: string
  readonly outcome: string
  readonly reason: string | undefined
  readonly status: number
  readonly method: string
  readonly bytes: Uint8Array
}

/** The middle of a request's line, which says the same for most requests of a route: made once, then remembered. */
export class LineWords {
  readonly #byRoute = new Map<string, Known[]>()

  /** From the quote that ends the request's id up to the number of bytes. */
  of(end: Said): Uint8Array {
    const known = this.#byRoute.get(end.route ?? '')
    if (known !== undefined) {
      for (let i = 0; i < known.length; i++) {
        const one = known[i] as Known
        if (says(one, end)) return one.bytes
      }
    }
    return this.#remember(end, known)
  }

  /** Forgets all: the routes are others now, and there is room for so many alone. */
  forget(): void {
    this.#byRoute.clear()
  }

  #remember(end: Said, known: Known[] | undefined): Uint8Array {
    const { provider, outcome, reason, status, method, route } = end
    const bytes = Buffer.from(textOf(end))
    const one: Known = { provider, outcome, reason, status, method, bytes }
    if (known === undefined) {
      if (this.#byRoute.size < ROUTES) this.#byRoute.set(route ?? '', [one])
    } else if (known.length < EACH) known.push(one)
    return bytes
  }
}

function says(known: Known, { provider, outcome, reason, status, method }: Said): boolean {
  return (
    known.status === status &&
    known.outcome === outcome &&
    known.reason === reason &&
    known.method === method &&
    known.provider === provider
  )
}

function textOf({ provider, outcome, reason, status, method, route }: Said): string {
  const page = `docs/reasons/${reason}.md`
  const why = reason === undefined ? '' : `,"reason":"${reason}","page":"${page}"`
  const where = route === undefined ? '' : `,"route":${JSON.stringify(route)}`
  const how = JSON.stringify(method.slice(0, METHOD))
  return `","provider":${JSON.stringify(provider)},"outcome":"${outcome}"${why},"status":${status},"method":${how}${where},"bytes":`
}
