import type { Bytes, Millis } from '../units.ts'

/** Bodies up to this size have a quarter of the budget to themselves. */
const SMALL: Bytes = 64 * 1024
/**
 * What a larger one takes beside its bytes until it is whole, where the processor is late: the block that its connection is
 * read into, and what of it was decrypted and is not collected yet. Where there is little room, as much of it as this part.
 *
 * @see docs/decisions/body-memory.md
 */
const BESIDE: Bytes = 192 * 1024
const BESIDE_PART = 64
/** An upload is judged by its speed from its second second on. */
const YOUNG: Millis = 1000

/** One body being received, as the budget sees it. */
export interface Upload {
  /** Whose share it counts against; undefined for peers without a cap (a trusted proxy, a hidden address). */
  readonly account: string | undefined
  /** Its address had spent its limit before: all such uploads share a quarter. */
  readonly over: boolean
  /** Bytes held: written by the budget alone. */
  held: Bytes
  /** When it began, on the clock `take` is told. */
  readonly since: Millis
  /** Where the budget keeps it; undefined while it does not. Written by the budget alone. */
  hold: Hold | undefined
  /** It was too slow while others needed the room: refuse with `memory`. Its bytes are given back already. */
  evict(): void
}

/** What large bodies hold, and how many of them are not whole. */
interface Large {
  held: Bytes
  growing: number
}

/** Bytes of one address. */
interface Account {
  held: Bytes
  uploads: number
  readonly large: Large
  cap: Bytes
}

/** An upload's place in the budget: kept on the upload, because a map by object hashes it and leaves tables behind. */
export interface Hold {
  readonly account: Account
  finished: boolean
  place: number
}

/** What a chunk that does not fit lacks, and who may be ended for it. */
const SHARES = ['account', 'over', 'large_of_account', 'large_over', 'large', 'whole'] as const
type Share = (typeof SHARES)[number]
/** So many accounts are kept for the next upload of their address; beyond it they go with their last upload. */
const IDLE_ACCOUNTS = 1024

/**
 * The bytes of bodies this process holds. One address holds at most an eighth, uploads marked `over` a quarter,
 * bodies beyond 64 KiB three quarters, where what they take beside their bytes counts as well while they grow. Once half of
 * these three quarters is taken, no body becomes large for which an address would have more than a quarter of them, or marked
 * uploads more than half.
 *
 * What does not fit ends the slowest unfinished upload in that share, whoever's chunk it was, so that trickling many bodies
 * never starves those who deliver.
 */
export class Budget {
  #total: Bytes
  readonly #uploads: Upload[] = []
  readonly #accounts = new Map<string, Account>()
  readonly #uncapped = accountOf(Number.POSITIVE_INFINITY)
  #held: Bytes = 0
  #over: Bytes = 0
  readonly #large: Large = { held: 0, growing: 0 }
  /** Of these, marked. */
  readonly #largeOver: Large = { held: 0, growing: 0 }

  constructor(total: Bytes) {
    this.#total = total
  }

  /** Bytes held, never more than `total` but for bodies that were whole before it was lowered. */
  get held(): Bytes {
    return this.#held
  }

  get total(): Bytes {
    return this.#total
  }

  /** Another size from now on: the slowest unfinished uploads are ended until the rest fits. Bodies that are whole stay. */
  resize(total: Bytes, now: Millis): void {
    this.#total = total
    for (const account of this.#accounts.values()) account.cap = total / 8
    if (this.#held <= total) return
    const unfinished = this.#uploads.filter(one => one.held > 0 && one.hold?.finished === false)
    unfinished.sort((a, b) => speed(a, now) - speed(b, now))
    for (const victim of unfinished) {
      if (this.#held <= total) return
      this.#end(victim)
    }
  }

  /** Begins to count an upload. */
  open(upload: Upload): void {
    if (upload.hold !== undefined) return
    const account = this.#accountOf(upload)
    account.uploads++
    upload.hold = { account, finished: false, place: this.#uploads.length }
    this.#uploads.push(upload)
  }

  /** Counts a chunk received. False: no room for it, the upload is to be refused with `memory`. */
  take(upload: Upload, bytes: Bytes, now: Millis): boolean {
    const { hold } = upload
    if (hold === undefined || hold.finished) return false
    if (!this.#fits(upload, hold, bytes) && !this.#makeRoom(upload, hold, bytes, now)) return false
    const into = intoLarge(upload, bytes)
    if (into > 0) this.#count(upload, hold, into, becomesLarge(upload, bytes) ? 1 : 0)
    if (upload.over) this.#over += bytes
    hold.account.held += bytes
    upload.held += bytes
    this.#held += bytes
    return true
  }

  /** The body is whole: its bytes stay, and it is never ended for another. */
  complete(upload: Upload): void {
    const { hold } = upload
    if (hold === undefined || hold.finished) return
    if (upload.held > SMALL) this.#count(upload, hold, 0, -1)
    hold.finished = true
  }

  /** Gives all its bytes back; a second time does nothing. */
  release(upload: Upload): void {
    const { hold } = upload
    if (hold === undefined) return
    if (upload.held > SMALL) this.#count(upload, hold, -upload.held, hold.finished ? 0 : -1)
    upload.hold = undefined
    const last = this.#uploads.pop()
    if (last?.hold !== undefined) {
      last.hold.place = hold.place
      this.#uploads[hold.place] = last
    }
    this.#held -= upload.held
    if (upload.over) this.#over -= upload.held
    const { account } = hold
    account.held -= upload.held
    account.uploads--
    const spare = account.uploads === 0 && this.#accounts.size > IDLE_ACCOUNTS
    if (spare && upload.account !== undefined) this.#accounts.delete(upload.account)
    upload.held = 0
  }

  #accountOf(upload: Upload): Account {
    if (upload.account === undefined) return this.#uncapped
    let account = this.#accounts.get(upload.account)
    if (account === undefined) {
      account = accountOf(this.#total / 8)
      this.#accounts.set(upload.account, account)
    }
    return account
  }

  /** Counts what a large body holds, and whether it grows. */
  #count({ over }: Upload, { account }: Hold, bytes: Bytes, growing: number): void {
    for (const sum of over
      ? [this.#large, account.large, this.#largeOver]
      : [this.#large, account.large]) {
      sum.held += bytes
      sum.growing += growing
    }
  }

  #fits(upload: Upload, hold: Hold, bytes: Bytes): boolean {
    for (const share of SHARES) if (this.#lacks(share, upload, hold, bytes) > 0) return false
    return true
  }

  /**
   * By how many bytes the chunk exceeds a share; not above 0 when it fits.
   *
   * @param ended bytes that would be given back before
   * @param fewer how many that grow would be ended for it
   */
  #lacks(
    share: Share,
    upload: Upload,
    { account }: Hold,
    bytes: Bytes,
    ended: Bytes = 0,
    fewer = 0,
  ): Bytes {
    const most = (this.#total / 4) * 3
    switch (share) {
      case 'account':
        return account.held + bytes - ended - account.cap
      case 'over':
        return upload.over ? this.#over + bytes - ended - this.#total / 4 : 0
      case 'large':
        if (intoLarge(upload, bytes) === 0) return 0
        return this.#weight(this.#large, upload, bytes, ended, fewer) - most
      case 'large_of_account':
        if (!becomesLarge(upload, bytes) || !this.#contended) return 0
        return this.#weight(account.large, upload, bytes, ended, fewer) - (account.cap / 2) * 3
      case 'large_over':
        if (!upload.over || !becomesLarge(upload, bytes) || !this.#contended) return 0
        return this.#weight(this.#largeOver, upload, bytes, ended, fewer) - most / 2
      case 'whole':
        return this.#held + bytes - ended - this.#total
    }
  }

  /** What large bodies would take with the chunk, and with what lies beside them. */
  #weight(of: Large, upload: Upload, bytes: Bytes, ended: Bytes, fewer: number): Bytes {
    const growing = of.growing + (becomesLarge(upload, bytes) ? 1 : 0) - fewer
    return of.held + intoLarge(upload, bytes) - ended + growing * this.#beside
  }

  /** Large bodies take half of what they may: from here on nobody may have most of it. */
  get #contended(): boolean {
    return this.#large.held + this.#large.growing * this.#beside > (this.#total / 8) * 3
  }

  get #beside(): Bytes {
    return Math.min(BESIDE, this.#total / BESIDE_PART)
  }

  /** Ends slow uploads until the chunk fits; ends none of a share where that would not be enough. */
  #makeRoom(upload: Upload, hold: Hold, bytes: Bytes, now: Millis): boolean {
    for (const share of SHARES) {
      if (this.#lacks(share, upload, hold, bytes) <= 0) continue
      const slower = this.#slower(share, upload, hold, bytes, now)
      let ended = 0
      let fewer = 0
      for (const { held } of slower) {
        ended += held
        if (held > SMALL) fewer++
      }
      if (this.#lacks(share, upload, hold, bytes, ended, fewer) > 0) return false
      slower.sort((a, b) => speed(a, now) - speed(b, now))
      for (const victim of slower) {
        if (this.#lacks(share, upload, hold, bytes) <= 0) break
        this.#end(victim)
      }
    }
    return this.#fits(upload, hold, bytes)
  }

  /** Releases it before it is told, so that room is made whatever it does. */
  #end(victim: Upload): void {
    this.release(victim)
    victim.evict()
  }

  /** The unfinished uploads of a share that are slower than this one, or all of them while it is young itself. */
  #slower(share: Share, own: Upload, hold: Hold, bytes: Bytes, now: Millis): Upload[] {
    const age = now - own.since
    const ownSpeed = age < YOUNG ? Number.POSITIVE_INFINITY : (own.held + bytes) / age
    const slower: Upload[] = []
    for (const upload of this.#uploads) {
      const { account, finished } = upload.hold as Hold // all that are listed are held
      if (finished || upload === own || upload.held === 0 || now - upload.since < YOUNG) continue
      if ((share === 'account' || share === 'large_of_account') && account !== hold.account)
        continue
      if ((share === 'over' || share === 'large_over') && !upload.over) continue
      if (share.startsWith('large') && upload.held <= SMALL) continue
      if (speed(upload, now) < ownSpeed) slower.push(upload)
    }
    return slower
  }
}

/** Whether a chunk makes a small body large. */
function becomesLarge({ held }: Upload, bytes: Bytes): boolean {
  return held <= SMALL && held + bytes > SMALL
}

/** How many bytes a chunk adds to what large bodies hold: all of them when it makes a small body large. */
function intoLarge(upload: Upload, bytes: Bytes): Bytes {
  if (becomesLarge(upload, bytes)) return upload.held + bytes
  return upload.held > SMALL ? bytes : 0
}

function accountOf(cap: Bytes): Account {
  return { held: 0, uploads: 0, large: { held: 0, growing: 0 }, cap }
}

function speed(upload: Upload, now: Millis): number {
  return upload.held / (now - upload.since)
}
