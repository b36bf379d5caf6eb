import { X509Certificate } from 'node:crypto'
import type { Clock } from '../clock.ts'
import type { RejectReason } from '../reasons.ts'
import type { Bytes, Millis } from '../units.ts'
import type { Certificate, KnownCertificates } from '../verify/fetched.ts'
import type { Errand, Told } from '../verify/told.ts'
import type { Get, Got } from './get.ts'
import { Lane } from './lane.ts'

/** One request, from name to last byte. */
const DEADLINE: Millis = 3000
/** How long whoever needs it waits in all, others' errands included: less than any sender does. */
const PATIENCE: Millis = 6000
/** Bodies that wait for certificates are held meanwhile, and nothing is proven about them. */
const MOST_WAITING = 8
/** Senders wait for each of them, in each of the two lanes: more would wait in vain. */
const MOST_TAKEN = 4
/** A certificate has under 4 KiB. */
const LONGEST: Bytes = 16 * 1024
/** More certificates than there are regions. */
const MOST_KNOWN = 64
/** How long an answer is believed: of a certificate, of its absence, and how soon one is asked again after a failure. */
const LASTS = { there: 24 * 3_600_000, absent: 60_000, unavailable: 5000 } as const

type Problem = 'absent' | 'unavailable'

/** What was learnt of a URL. */
interface Learnt {
  /** The last that came and was valid, however old. */
  readonly certificate: Certificate | undefined
  /** When that is valid no more. */
  readonly ends: Millis
  /** Why the last fetch brought none. */
  readonly problem: Problem | undefined
  /** When it is asked for again. */
  readonly until: Millis
}

/**
 * What Hookwarden fetches itself, from hosts that the map pins: certificates, which it remembers, and confirmations.
 * Whoever makes it ask for a certificate may be anybody, so these errands have a lane of their own: what is proven, and
 * what was there once, never queues behind a name that somebody made up.
 */
export class Errands implements KnownCertificates {
  readonly #get: Get
  readonly #clock: Clock
  /** Told of an errand that came to nothing, with the reason in the machine's words. */
  readonly #failed: (url: string, why: string) => void
  readonly #known = new Map<string, Learnt>()
  readonly #underWay = new Map<string, Promise<void>>()
  readonly #closing = new AbortController()
  readonly #trusted = new Lane(MOST_TAKEN)
  readonly #strange = new Lane(MOST_TAKEN)
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

  at(url: string): Certificate | Problem | undefined {
    const learnt = this.#known.get(url)
    if (learnt === undefined) return undefined
    const now = this.#clock.now()
    if (learnt.ends > now) return learnt.certificate
    return learnt.until > now ? learnt.problem : undefined
  }

  due(url: string): boolean {
    const learnt = this.#known.get(url)
    return learnt === undefined || learnt.until <= this.#clock.now()
  }

  /**
   * Fetches a certificate, unless that is under way. Settles when it is known, or when waiting is over: at once where an
   * older one is valid still, or too many wait. Never rejects.
   */
  async certificate(url: string): Promise<void> {
    const fetched = this.#underWay.get(url) ?? this.#begin(url)
    const valid = typeof this.at(url) === 'object'
    if (fetched === undefined || valid || this.#waiting === MOST_WAITING) return
    this.#waiting++
    await this.#patiently(fetched)
    this.#waiting--
  }

  /** Calls what the answer to a challenge needs: the answer, or why there is none. Never rejects. */
  async run({ visit: url, answer }: Errand): Promise<Told | RejectReason> {
    let done = false
    const visited = this.#trusted.take(async () => {
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

  #begin(url: string): Promise<void> | undefined {
    const lane = this.#known.get(url)?.certificate === undefined ? this.#strange : this.#trusted
    const fetched = lane.take(async () => this.#learn(url, await this.#fetch(url)))
    if (fetched === undefined) return undefined
    this.#underWay.set(url, fetched)
    void fetched.then(() => this.#underWay.delete(url))
    return fetched
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
    const before = this.#known.get(url)
    const read = got === undefined ? 'unavailable' : this.#read(url, got)
    const now = this.#clock.now()
    if (before === undefined) this.#makeRoom(now)
    if (typeof read === 'object') {
      const { certificate, valid } = read
      const until = now + Math.min(valid, LASTS.there)
      this.#known.set(url, { certificate, ends: now + valid, problem: undefined, until })
      return
    }
    const kept = read === 'unavailable' ? before : undefined
    const { certificate, ends = now } = kept ?? {}
    this.#known.set(url, { certificate, ends, problem: read, until: now + LASTS[read] })
  }

  #read(
    url: string,
    { status, body }: Got,
  ): { readonly certificate: Certificate; readonly valid: Millis } | Problem {
    if (status === 403 || status === 404 || status === 410) return 'absent'
    const read = status === 200 ? certificateIn(body) : undefined
    const valid = read === undefined ? 0 : this.#validFor(read)
    if (read === undefined || valid <= 0) {
      const what = read === undefined ? 'what came is no certificate' : 'it is not valid now'
      this.#tell(url, status === 200 ? what : `it was answered with ${status}`)
      return 'unavailable'
    }
    return { certificate: { pem: read.toString() }, valid }
  }

  #validFor({ validFromDate, validToDate }: X509Certificate): Millis {
    const now = this.#clock.wall()
    return validFromDate.getTime() > now ? 0 : validToDate.getTime() - now
  }

  /** What was there goes last: nobody can push it out by asking for what is not. */
  #makeRoom(now: Millis): void {
    if (this.#known.size < MOST_KNOWN) return
    const entries = [...this.#known]
    const none = entries.filter(([, { certificate }]) => certificate === undefined)
    const [url = ''] =
      none.find(([, { until }]) => until <= now) ??
      none[0] ??
      entries.find(([, { ends }]) => ends <= now) ??
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
