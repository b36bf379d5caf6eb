import { Gate } from '../limit/gate.ts'

/** The places at Automatisch, by provider: who is inside stays counted when the map changes. */
export class Gates {
  readonly #gates = new Map<string, Gate>()

  /** The provider's gate; where it has none yet, one of that capacity. An old one is resized by `use` alone. */
  of(provider: string, capacity: number): Gate {
    const known = this.#gates.get(provider)
    if (known !== undefined) return known
    const gate = new Gate(capacity)
    this.#gates.set(provider, gate)
    return gate
  }

  /** What the map says from now on. The gate of a provider that is gone stays until nobody is at it. */
  use(capacities: ReadonlyMap<string, number>): void {
    for (const [provider, gate] of this.#gates) {
      const capacity = capacities.get(provider)
      if (capacity !== undefined) gate.resize(capacity)
      else if (gate.inside === 0 && gate.waiting === 0) this.#gates.delete(provider)
    }
  }
}
