import type { WebhookFlow } from '../../src/discovery/flows.ts'
import type { FlowSource, Look } from '../../src/discovery/source.ts'

/** A database that a test speaks for: what it says may change, and it may be away. */
export class ToldFlows implements FlowSource {
  /** Undefined while it is away. */
  flows: readonly WebhookFlow[] | undefined
  looks = 0
  /** Resolves the looks that are under way, where they are held. */
  #held: (() => void)[] = []
  #holding = false

  constructor(flows: readonly WebhookFlow[] | undefined) {
    this.flows = flows
  }

  async look(known?: string): Promise<Look> {
    this.looks++
    if (this.#holding) await new Promise<void>(resolve => this.#held.push(resolve))
    const { flows } = this
    if (flows === undefined) throw new Error('the database does not answer')
    const mark = JSON.stringify(flows)
    return { mark, flows: mark === known ? undefined : flows, odd: 0 }
  }

  close(): void {}

  /** Answers no look from now on. */
  hold(): void {
    this.#holding = true
  }

  release(): void {
    this.#holding = false
    for (const resolve of this.#held.splice(0)) resolve()
  }
}

/** The id of the n-th flow. */
export const flowId = (n: number) => `7d3c1f0e-2f57-4f0a-9d7d-${String(n).padStart(12, '0')}`

/** The n-th flow, published and of GitHub unless said. */
export function flowOf(n: number, change: Partial<WebhookFlow> = {}): WebhookFlow {
  return { id: flowId(n), app: 'github', sync: false, published: true, ...change }
}
