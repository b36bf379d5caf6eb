import rateLimit from '@fastify/rate-limit'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { Clock } from '../clock.ts'
import type { AddressLimiter, AddressSpend } from '../exchange/site.ts'
import { type AddressBuckets, addressKey } from '../limit/address-buckets.ts'
import type { Limit } from '../limit/gcra.ts'

type Limiter = ReturnType<FastifyInstance['createRateLimit']>
type Answer = (error: Error | null, result: { current: number; ttl: number }) => void

/** What the plugin reads of a request, and our key. */
interface Spending {
  readonly key: string
  readonly routeOptions: object
}

const NO_OPTIONS = {}

/** Puts our buckets behind @fastify/rate-limit: it asks, they decide. */
export async function limitAddresses(
  app: FastifyInstance,
  buckets: AddressBuckets,
  clock: Clock,
): Promise<AddressLimiter> {
  await app.register(rateLimit, { global: false, store: storeOver(buckets, clock) })
  const limiters = new Map<Limit, Limiter>()

  /** One limiter of the plugin for each compiled limit; unknown options reach the store's `child`. */
  function limiterOf(limit: Limit): Limiter {
    let limiter = limiters.get(limit)
    if (limiter === undefined) {
      const options = { max: 1, timeWindow: limit.burst, keyGenerator: keyOf, limit }
      limiter = app.createRateLimit(options)
      limiters.set(limit, limiter)
    }
    return limiter
  }

  return {
    async spend(limit, provider, group): Promise<AddressSpend> {
      const spending: Spending = { key: addressKey(provider, group), routeOptions: NO_OPTIONS }
      const told = await limiterOf(limit)(spending as unknown as FastifyRequest) // it reads no more of a request
      if (told.isAllowed) return { over: false, key: told.key, retryAfter: 0 }
      return { over: told.isExceeded, key: told.key, retryAfter: told.isExceeded ? told.ttl : 0 }
    },
    proved(limit, { key, over }) {
      const now = clock.now()
      if (!over) buckets.giveBack(limit, key, now)
      buckets.proven(key, now)
    },
  }
}

function keyOf(request: FastifyRequest): string {
  return (request as unknown as Spending).key
}

/** The plugin constructs its store itself: this gives it ours, whatever it passes. */
function storeOver(buckets: AddressBuckets, clock: Clock) {
  class Store {
    readonly #limit: Limit | undefined

    constructor(params?: { limit?: Limit }) {
      this.#limit = params?.limit
    }

    child(params: unknown): Store {
      return new Store(params as { limit?: Limit })
    }

    incr(key: string, answer: Answer): void {
      if (this.#limit === undefined)
        return answer(new Error('a limiter without a limit'), { current: 0, ttl: 0 })
      const { granted, retryAfter } = buckets.spend(this.#limit, key, clock.now())
      answer(null, { current: granted ? 1 : 2, ttl: retryAfter })
    }
  }
  return Store as never // its types ask for more than the plugin calls
}
