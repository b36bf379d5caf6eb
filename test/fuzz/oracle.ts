import { createHmac } from 'node:crypto'
import { SECRETS } from '../signers/signers.ts'
import { type Message, valuesOf } from '../support/message.ts'
import { TARGETS } from './mutate.ts'

const GITHUB_FLOW = TARGETS.github
const STRIPE_FLOW = '/webhooks/flows/7c1d9f0e-2f57-4f0a-9d7d-1f6b8d0c3e22'

/** What no request may carry to the upstream. */
const NEVER = [
  ...['transfer-encoding', 'te', 'trailer', 'upgrade', 'expect', 'keep-alive', 'http2-settings'],
  ...['cookie', 'authorization', 'forwarded', 'x-real-ip', 'x_hub_signature_256'],
]

/**
 * Judges what reached the upstream: every complete request has to be a delivery whose signature holds, checked here
 * from the senders' pages and from nothing of Hookwarden's, and framed so that no two readers could differ.
 */
export class Oracle {
  readonly #report: (fault: string, conversation: string) => void
  readonly #certain = new Set<string>()
  readonly #came = new Map<string, number>()
  #count = 0

  /** @param report told of each fault, and of the number of the conversation that the body names */
  constructor(report: (fault: string, conversation: string) => void) {
    this.#report = report
  }

  get count(): number {
    return this.#count
  }

  /** Bodies that a stream holds for certain: nothing else of it may arrive. */
  expect(bodies: readonly string[]): void {
    for (const body of bodies) this.#certain.add(body)
  }

  /** How often a body arrived. */
  times(body: string): number {
    return this.#came.get(body) ?? 0
  }

  /** One complete request. */
  see(message: Message): void {
    this.#count++
    const body = message.body.toString('latin1')
    this.#came.set(body, this.times(body) + 1)
    const fault = this.#faultOf(message, body)
    if (fault === undefined) return
    const shown = JSON.stringify(message.head.toString('latin1') + body).slice(0, 2000)
    this.#report(`${fault}: ${shown}`, /"id":"(?:hidden-)?(\d+)-/.exec(body)?.[1] ?? 'unknown')
  }

  #faultOf(message: Message, body: string): string | undefined {
    const one = (name: string): string | undefined => {
      const values = valuesOf(message, name)
      return values.length === 1 ? values[0] : undefined
    }
    const path = /^POST (\/webhooks\/flows\/[0-9a-f-]{36})(?:\?[!"$-~]*)? HTTP\/1\.1$/.exec(
      message.line,
    )?.[1]
    if (path === undefined) return 'a request line that is none of ours'
    if (one('content-length') !== String(message.body.length)) return 'not one length'
    if (one('host') === undefined) return 'not one host'
    if (one('x-forwarded-for') !== '127.0.0.1') return 'a sender that is not the peer'
    for (const name of NEVER) if (valuesOf(message, name).length > 0) return `it carries ${name}`
    if (!this.#certain.has(body)) return 'a body that no stream holds for certain'
    if (this.times(body) > 1) return 'it came before'
    if (path === GITHUB_FLOW) return githubFault(one('x-hub-signature-256'), message)
    return path === STRIPE_FLOW ? stripeFault(one('stripe-signature'), message) : 'a flow of nobody'
  }
}

function githubFault(signature: string | undefined, { body }: Message): string | undefined {
  const mac = createHmac('sha256', SECRETS.github ?? '')
    .update(body)
    .digest('hex')
  return signature?.toLowerCase() === `sha256=${mac}` ? undefined : 'no signature of GitHub'
}

function stripeFault(signature: string | undefined, { body }: Message): string | undefined {
  const at = /(?:^|,)\s*t=(\d+)/.exec(signature ?? '')?.[1]
  const mac = createHmac('sha256', SECRETS.stripe ?? '')
    .update(`${at}.`)
    .update(body)
    .digest('hex')
  return signature?.toLowerCase().includes(`v1=${mac}`) === true
    ? undefined
    : 'no signature of Stripe'
}
