import { X509Certificate } from 'node:crypto'
import type { Clock } from '../clock.ts'
import type { RejectReason } from '../reasons.ts'
import type { Bytes, Millis } from '../units.ts'
import type { Certificate, KnownCertificates } from '../verify/fetched.ts'
import type { Errand, Told } from '../verify/told.ts'
import type { Get, Got } from './get.ts'

/** One request, from name to last byte. */
const DEADLINE: Millis = 3000
/** How long whoever needs it waits in all, others' errands included: less than any sender does. */
const PATIENCE: Millis = 6000
/** Senders wait for each of them: more would wait in vain. */
const MOST_WAITING = 8
/** A certificate has under 4 KiB. */
const LONGEST: Bytes = 16 * 1024
/** More certificates than there are regions. */
const MOST_KNOWN = 64
/** How long an answer is believed: of a certificate, of its absence, and how soon one is asked again after a failure. */
const LASTS = { there: 24 * 3_600_000, absent: 60_000, unavailable: 5000 } as const

type Known = Exclude<ReturnType<KnownCertificates['at']>, undefined>

/**
 * What Hookwarden fetches itself, from hosts that the map pins: certificates, which it remembers, and confirmations.
 * One at a time, and a bounded few waiting: whoever makes it ask may be anybody.
 */
export class Errands implements KnownCertificates {
  readonly #get: Get
  readonly #clock: Clock
  /** Told of an errand that came to nothing, with the reason in the machine's words. */
  readonly #failed: (url: string, why: string) => void
  readonly #known = new Map<string, { readonly known: Known; readonly until: Millis }>()
  readonly #underWay = new Map<string, Promise<void>>()
  readonly #closing = new AbortController()
  #last: Promise<unknown> = Promise.resolve()
  #waiting = 0

  constructor(options: {
    readonly get: Get
    readonly clock: Clock
    readonly failed: (url: string, why: string) => void
  }) {
    this.#get = options.get
    this.#clock = options.clock
    this.#failed = options.failed
  }

  at(url: string): Known | undefined {
    const found = this.#known.get(url)
    return found !== undefined && found.until > this.#clock.now() ? found.known : undefined
  }

  /** Fetches a certificate, unless that is under way. Settles when it is known, or when waiting is over; never rejects. */
  certificate(url: string): Promise<void> {
    const joined = this.#underWay.get(url)
    if (joined !== undefined) return this.#patiently(joined)
    const fetched = this.#inTurn(async () => this.#learn(url, await this.#fetch(url)))
    if (fetched === undefined) return Promise.resolve()
    this.#underWay.set(url, fetched)
    void fetched.then(() => this.#underWay.delete(url))
    return this.#patiently(fetched)
  }

  /** Calls what the answer to a challenge needs: the answer, or why there is none. Never rejects. */
  async run({ visit: url, answer }: Errand): Promise<Told | RejectReason> {
    let done = false
    const visited = this.#inTurn(async () => {
      const got = await this.#fetch(url)
      done = got?.status === 200
      if (got !== undefined && !done) this.#tell(url, `it was answered with ${got.status}`)
    })
    if (visited !== undefined) await this.#patiently(visited)
    return done ? answer : 'sender_unavailable'
  }

  /** Ends what is under way. */
  close(): void {
    this.#closing.abort()
  }

  #inTurn(work: () => Promise<void>): Promise<void> | undefined {
    if (this.#waiting === MOST_WAITING) return undefined
    this.#waiting++
    const turn = this.#last.then(work)
    this.#last = turn
    return turn.then(() => {
      this.#waiting--
    })
  }

  /** Settles with the work or when patience is over, whichever is first. */
  #patiently(work: Promise<void>): Promise<void> {
    return new Promise(resolve => {
      const timer = this.#clock.after(PATIENCE, resolve, undefined)
      void work.then(() => {
        timer.cancel()
        resolve()
      })
    })
  }

  async #fetch(url: string): Promise<Got | undefined> {
    const late = new AbortController()
    const timer = this.#clock.after(DEADLINE, one => one.abort(new Error('too late')), late)
    const signal = AbortSignal.any([late.signal, this.#closing.signal])
    try {
      return await this.#get(url, { most: LONGEST, signal })
    } catch (error) {
      this.#tell(url, error instanceof Error ? error.message : 'unknown')
      return undefined
    } finally {
      timer.cancel()
    }
  }

  /** Without the query: a confirmation carries its token there. */
  #tell(url: string, why: string): void {
    if (!this.#closing.signal.aborted) this.#failed(url.replace(/\?.*/s, ''), why)
  }

  #learn(url: string, got: Got | undefined): void {
    const found = got === undefined ? 'unavailable' : this.#read(url, got)
    const [known, lasts] =
      typeof found === 'string' ? [found, LASTS[found]] : [found.certificate, found.lasts]
    this.#forget()
    this.#known.set(url, { known, until: this.#clock.now() + lasts })
  }

  #read(
    url: string,
    { status, body }: Got,
  ): { certificate: Certificate; lasts: Millis } | 'absent' | 'unavailable' {
    if (status === 403 || status === 404 || status === 410) return 'absent'
    const read = status === 200 ? certificateIn(body) : undefined
    const lasts = read === undefined ? 0 : this.#validFor(read)
    if (read === undefined || lasts <= 0) {
      const what = read === undefined ? 'what came is no certificate' : 'it is not valid now'
      this.#tell(url, status === 200 ? what : `it was answered with ${status}`)
      return 'unavailable'
    }
    return { certificate: { pem: read.toString() }, lasts: Math.min(lasts, LASTS.there) }
  }

  #validFor({ validFromDate, validToDate }: X509Certificate): Millis {
    const now = this.#clock.wall()
    return validFromDate.getTime() > now ? 0 : validToDate.getTime() - now
  }

  /** Makes room. What is there goes last: nobody can push it out by asking for what is not. */
  #forget(): void {
    if (this.#known.size < MOST_KNOWN) return
    const entries = [...this.#known]
    const now = this.#clock.now()
    const [url = ''] =
      entries.find(([, { until }]) => until <= now) ??
      entries.find(([, { known }]) => typeof known === 'string') ??
      entries[0] ??
      []
    this.#known.delete(url)
  }
}

function certificateIn(body: Buffer): X509Certificate | undefined {
  try {
    return new X509Certificate(body)
  } catch {
    return undefined
  }
}
