import type { Claim, ReplayStore } from '../replay/store.ts'
import type { Millis } from '../units.ts'
import type { Route } from './route.ts'

/** One delivery's claim on replay memory: taken, then kept or released, once. */
export class Claimed {
  readonly #store: ReplayStore
  readonly #key: string
  readonly #owner: string
  #held = false

  /** @param owner the request's id: no other replica has it */
  constructor(store: ReplayStore, key: string, owner: string) {
    this.#store = store
    this.#key = key
    this.#owner = owner
  }

  take({ provider }: Route, window: Millis, now: Millis): Claim | Promise<Claim> {
    return this.#store.claim(this.#key, this.#owner, provider.lease, window, now)
  }

  /** It was fresh: from now on it has to be ended. */
  hold(): void {
    this.#held = true
  }

  keep(): void {
    if (!this.#held) return
    this.#held = false
    this.#store.keep(this.#key, this.#owner)
  }

  /** What was not kept may come again. */
  release(): void {
    if (!this.#held) return
    this.#held = false
    this.#store.release(this.#key, this.#owner)
  }
}
