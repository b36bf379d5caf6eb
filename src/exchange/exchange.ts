import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { declaredLength } from '../admit/length.ts'
import { acceptableEncoding, acceptableType } from '../admit/media-type.ts'
import type { Timer } from '../clock.ts'
import { cleanAnswer, cleanHeaders, cleanTarget } from '../forward/clean.ts'
import type { Answering, Failure, Flow, Sending } from '../forward/upstream.ts'
import { Head } from '../head.ts'
import { addressKey, type Spend } from '../limit/address-buckets.ts'
import type { Upload } from '../limit/budget.ts'
import type { Waiter } from '../limit/gate.ts'
import type { Limit } from '../limit/gcra.ts'
import { CLEAN, type Outcome, REASONS, type RejectReason, type Verdict } from '../reasons.ts'
import type { Bytes, Millis } from '../units.ts'
import type { Check, Proof } from '../verify/verifier.ts'
import { REPORTED, UNOPENED } from './check.ts'
import { awaitsContinue, framing } from './framing.ts'
import { Held } from './held.ts'
import type { Watched } from './open.ts'
import { giveBackAll, reserveAll, type Turn } from './pace.ts'
import { type Peer, type Sender, senderOf } from './peer.ts'
import { Reply } from './reply.ts'
import type { Provider, Route, Serving } from './route.ts'
import type { Site } from './site.ts'

/** A declared rest up to here is read and dropped: a new connection costs as much as seven deliveries. */
const SMALL_REST: Bytes = 64 * 1024
/** When a sender may try again where no limit knows better. */
const BUSY: Millis = 5000

const kExchange: unique symbol = Symbol('exchange')
type Incoming = IncomingMessage & { [kExchange]?: Exchange }
type Outgoing = ServerResponse & { [kExchange]?: Exchange }

/** One request and its response. The methods follow the life of a request from top to bottom. */
export class Exchange implements Watched, Upload, Waiter, Answering {
  readonly since: Millis
  held: Bytes = 0
  /** Called when the response is over. */
  afterwards: (() => void) | undefined
  readonly #site: Site
  readonly #serving: Serving
  readonly #req: Incoming
  readonly #res: Outgoing
  readonly #reply: Reply
  readonly #head: Head
  readonly #sender: Sender
  readonly #requestId = randomUUID()
  readonly #body = new Held()
  #route: Route | undefined
  #spent: Spend | undefined
  #addressKey = ''
  #check: Check = UNOPENED
  #state: 'receiving' | 'waiting' | 'forwarding' | 'answering' | 'settled' = 'receiving'
  #listening = false
  #complete = false
  /** The sender is gone. */
  #left = false
  #progress: Millis
  #receivedAt: Millis | undefined
  #claimed: string | undefined
  #reserved = false
  #inside = false
  #timer: Timer | undefined
  #paced: Millis = 0
  #sending: Sending | undefined
  #writtenAt: Millis | undefined

  constructor(site: Site, peer: Peer, req: IncomingMessage, res: ServerResponse) {
    this.since = site.clock.now()
    this.#progress = this.since
    this.#site = site
    this.#serving = site.serving()
    this.#req = req
    this.#res = res
    this.#reply = new Reply(req, res, this.since)
    this.#head = new Head(req.method ?? '', req.url ?? '', req.rawHeaders)
    this.#sender = senderOf(peer, this.#head, this.#serving.trusted)
  }

  // ---- what the head alone decides -------------------------------------------------------------------------

  begin(): void {
    this.#req[kExchange] = this
    this.#res[kExchange] = this
    this.#res.on('close', onClose)
    this.#site.open.add(this)
    const framed = framing(this.#head, this.#req.httpVersion, this.#serving.hosts)
    if (framed !== CLEAN) return this.#refuse(framed)
    const route = this.#serving.routes.match(this.#head.path)
    if (route === undefined) return this.#spend(this.#serving.unrouted, 'none')
    this.#route = route
    const { provider } = route
    if (this.#site.draining() === 'closed') return this.#refuse('draining')
    if (provider.allowIps?.has(this.#sender.address) === false)
      return this.#refuse('address_not_allowed')
    if (provider.mode === 'off') return this.#refuse('switched_off')
    if (provider.verifier === undefined) return this.#refuse('secret_unavailable')
    if (!provider.methods.has(this.#head.method)) return this.#refuse('method')
    this.#spend(provider.addressLimit, provider.name)
  }

  /** Limits before the verdict protect Hookwarden: an exchange is only marked here, unless it led nowhere anyway. */
  #spend(limit: Limit, provider: string): void {
    const { addresses, clock } = this.#site
    this.#addressKey = addressKey(provider, this.#sender.group)
    this.#spent = addresses.spend(limit, this.#addressKey, clock.now())
    if (this.#route !== undefined) return this.#admit(this.#route.provider)
    this.#refuse(this.over ? 'rate_address' : 'no_route', this.#spent.retryAfter)
  }

  #admit({ maxBody, contentTypes }: Provider): void {
    if (this.over && this.#site.overloaded()) return this.#refuse('overloaded', BUSY)
    const declared = declaredLength(this.#head)
    if (typeof declared === 'number' && declared > maxBody) return this.#refuse('body_too_large')
    const type = acceptableType(this.#head.only('content-type'), contentTypes, declared !== 0)
    if (type !== CLEAN) return this.#refuse(type)
    const encoding = acceptableEncoding(this.#head.only('content-encoding'))
    if (encoding !== CLEAN) return this.#refuse(encoding)
    this.#open()
  }

  /** Everything about the claim that needs no body; no byte of it has been read so far. */
  #open(): void {
    const { verifier } = this.#provider
    if (verifier === undefined) return this.#refuse('secret_unavailable')
    const opened = verifier.open(this.#head, this.#site.clock.wall())
    if (typeof opened === 'string' && this.#stops(opened)) return
    this.#check = typeof opened === 'string' ? REPORTED : opened
    this.#site.budget.open(this)
    if (awaitsContinue(this.#head)) this.#res.writeContinue()
    this.#listen()
  }

  // ---- the body --------------------------------------------------------------------------------------------

  data(chunk: Buffer): void {
    if (this.#state === 'settled') return this.#reply.drop(chunk.length)
    this.#progress = this.#site.clock.now()
    if (this.#body.size + chunk.length > this.#provider.maxBody)
      return this.#refuse('body_too_large')
    if (!this.#site.budget.take(this, chunk.length, this.#progress))
      return this.#refuse('memory', BUSY)
    this.#check.update(chunk)
    this.#body.add(chunk)
  }

  end(): void {
    this.#complete = true
    if (this.#state === 'settled') return this.#reply.end()
    this.#state = 'waiting'
    this.#receivedAt = this.#site.clock.now()
    this.#site.budget.complete(this)
    if (this.#stops(this.#check.final(this.#body.chunks()))) return
    const { proof } = this.#check
    if (proof === undefined) return this.#passUnproven()
    this.#giveBackAddress()
    this.#claim(proof)
  }

  /** Who proves itself spends nothing, and keeps a bucket of its own. */
  #giveBackAddress(): void {
    const { addresses, clock } = this.#site
    const now = clock.now()
    if (!this.over) addresses.giveBack(this.#provider.addressLimit, this.#addressKey, now)
    addresses.proven(this.#addressKey, now)
  }

  /** Whether `verdict` ends the exchange. In report mode most verdicts are only counted. */
  #stops(verdict: Verdict): boolean {
    if (verdict === CLEAN) return false
    const { mode, name } = this.#provider
    if (this.over) this.#refuse('rate_address', this.#spent?.retryAfter)
    else if (mode !== 'report' || !REASONS[verdict].reportable) this.#refuse(verdict)
    else this.#site.observer.reported(name, verdict)
    return this.#state === 'settled'
  }

  // ---- a proven delivery: once, and in its turn -----------------------------------------------------------

  #claim(proof: Proof): void {
    const window = this.#route?.replay
    if (window === undefined || proof.replay === undefined) return this.#pace()
    const key = `${this.#route?.flow} ${proof.replay}`
    const { replay, clock } = this.#site
    const claim = replay.claim(key, this.#requestId, this.#provider.lease, window, clock.now())
    if (claim instanceof Promise) void claim.then(late => this.#claims(key, late))
    else this.#claims(key, claim)
  }

  #claims(key: string, claim: 'fresh' | 'delivered' | 'in_flight'): void {
    if (claim === 'delivered') return this.#duplicate()
    if (claim === 'in_flight') return this.#refuse('in_flight', this.#provider.answerWithin)
    this.#claimed = key
    this.#pace()
  }

  #pace(): void {
    const { limits, clock } = this.#site
    const { proven, patience } = this.#provider
    const turn = reserveAll(limits, proven, clock.now(), patience)
    if (turn instanceof Promise) void turn.then(late => this.#turn(late))
    else this.#turn(turn)
  }

  #turn(turn: Turn): void {
    if ('reason' in turn) return this.#refuse(turn.reason, turn.retryAfter)
    this.#reserved = true
    if (turn.wait === 0) return this.enter()
    this.#timer = this.#site.clock.after(turn.wait, onTurn, this)
  }

  /** Its turn has come; at Automatisch there may be no room yet. */
  enter(): void {
    if (this.#provider.gate.enter(this)) return this.admitted()
    const waited = this.#site.clock.now() - (this.#receivedAt ?? 0)
    const left = Math.max(0, this.#provider.patience - waited)
    this.#timer = this.#site.clock.after(left, onImpatient, this)
  }

  impatient(): void {
    this.#provider.gate.abandon(this)
    this.#refuse('concurrency', BUSY)
  }

  /** What nobody proved never waits, and spends no provider's limit. */
  #passUnproven(): void {
    const { limits, clock } = this.#site
    const turn = reserveAll(limits, this.#provider.unproven, clock.now(), 0)
    if (turn instanceof Promise) void turn.then(late => this.#passed(late))
    else this.#passed(turn)
  }

  #passed(turn: Turn): void {
    if ('reason' in turn) return this.#refuse(turn.reason, turn.retryAfter)
    if (!this.#provider.gate.tryEnter()) return this.#refuse('concurrency', BUSY)
    this.admitted()
  }

  // ---- upstream --------------------------------------------------------------------------------------------

  admitted(): void {
    this.#timer?.cancel()
    this.#inside = true
    this.#state = 'forwarding'
    this.#paced = this.#site.clock.now() - (this.#receivedAt ?? 0)
    const { name, credentials } = this.#provider
    const { proof } = this.#check
    const headers = cleanHeaders(this.#head, credentials, {
      address: this.#sender.address,
      requestId: this.#requestId,
      verified: proof && `provider=${name}; secret=${proof.secret}`,
    })
    const target = cleanTarget(this.#route?.upstreamPath ?? '', this.#head.query, credentials)
    const body = this.#body.chunks()
    const { method } = this.#head
    this.#sending = this.#site.upstream.send(
      { method, target, headers, body, length: this.#body.size },
      this,
    )
  }

  answerWritten(): void {
    this.#writtenAt = this.#site.clock.now()
  }

  answerStarted(status: number, raw: readonly (string | Buffer)[], flow: Flow): void {
    if (this.#state === 'settled') return
    this.#state = 'answering'
    this.#endClaim(status)
    if (this.#left) return
    if (this.#site.draining() !== 'no') this.#reply.closeAfter()
    try {
      this.#reply.start(status, cleanAnswer(raw), flow)
    } catch {
      this.#refuse('upstream_error', BUSY, 'the upstream sent a header that is none')
    }
  }

  answerData(chunk: Buffer): void {
    if (this.#left || this.#state === 'settled') return
    this.#reply.write(chunk, this.#site.clock.now())
  }

  answerEnded(): void {
    if (this.#state === 'settled') return
    this.#settle(
      this.#reply.status >= 500 ? 'upstream_error' : 'accepted',
      undefined,
      this.#reply.status,
    )
    if (!this.#left) this.#reply.end(this.#site.clock.now())
  }

  answerFailed({ kind, message }: Failure): void {
    this.#refuse(kind === 'timeout' ? 'upstream_timeout' : 'upstream_error', BUSY, message)
  }

  /** What was taken must not run again; all else may. A flow that is called in sync chose its answer. */
  #endClaim(status: number): void {
    if (this.#claimed === undefined) return
    const taken = status < 300 || (status < 500 && this.#route?.sync === true)
    if (taken) this.#site.replay.keep(this.#claimed, this.#requestId)
    else this.#site.replay.release(this.#claimed, this.#requestId)
    this.#claimed = undefined
  }

  // ---- the end ---------------------------------------------------------------------------------------------

  #duplicate(): void {
    this.#settle('duplicate', undefined, 200)
    if (!this.#left) this.#answer(200, ['status', 'duplicate'])
  }

  /** @param detail what the operator is told beside the reason */
  #refuse(reason: RejectReason, retryAfter: Millis = 0, detail?: string): void {
    if (this.#state === 'settled') return
    const { status, says, stage } = REASONS[reason]
    const begun = this.#reply.begun
    const outcome = stage === 'forward' ? 'upstream_error' : 'rejected'
    this.#settle(outcome, reason, begun ? this.#reply.status : status, detail)
    if (this.#left) return
    if (begun) return this.#reply.cut()
    const allow = reason === 'method' ? this.#provider.allow : undefined
    this.#answer(
      status,
      ['error', says],
      status === 503 ? Math.max(retryAfter, 1000) : retryAfter,
      allow,
    )
  }

  #answer(
    status: number,
    says: readonly ['error' | 'status', string],
    retryAfter = 0,
    allow?: string,
  ): void {
    const { clock, draining } = this.#site
    if (draining() !== 'no') this.#reply.closeAfter()
    const rest = this.#complete ? 'none' : this.#rest(status)
    const requestId = this.#requestId
    this.#reply.own({ status, says, requestId, retryAfter, allow, rest }, clock.now())
    if (rest !== 'none') this.#listen()
  }

  /** What is still to come. Who waits for a 100 may send nothing, and who was too slow is not waited for. */
  #rest(status: number): 'small' | 'large' {
    const declared = declaredLength(this.#head)
    if (typeof declared !== 'number' || status === 408 || awaitsContinue(this.#head)) return 'large'
    return declared - this.#body.size <= SMALL_REST ? 'small' : 'large'
  }

  /** Tells the observer, once, and gives back what the exchange held. */
  #settle(
    outcome: Outcome,
    reason: RejectReason | undefined,
    status: number,
    detail?: string,
  ): void {
    const answered = this.#state === 'answering' && reason === undefined
    this.#state = 'settled'
    this.#timer?.cancel()
    const { clock, budget, limits, observer, open } = this.#site
    const now = clock.now()
    budget.release(this)
    this.#endClaim(500)
    if (this.#inside) this.#provider.gate.leave()
    else if (this.#reserved) giveBackAll(limits, this.#provider.proven, now)
    if (reason !== undefined) this.#sending?.abort(new Error(reason))
    observer.settled({
      provider: this.#route?.provider.name ?? 'none',
      outcome,
      reason,
      status: this.#left && !this.#reply.begun ? 0 : status,
      from: answered ? 'upstream' : 'hookwarden',
      method: this.#head.method,
      route: this.#route?.path,
      bytes: this.#body.size,
      requestId: this.#requestId,
      address: this.#sender.address,
      duration: now - this.since,
      receiving: (this.#receivedAt ?? now) - this.since,
      upstream: this.#writtenAt === undefined ? undefined : now - this.#writtenAt,
      paced: this.#paced,
      secret: this.#check.proof?.secret,
      skew: this.#check.skew,
      detail,
    })
    if (this.#left || this.#reply.closed) open.delete(this)
  }

  /** The response is over, or the sender is gone. What was proven goes on without it. */
  closed(): void {
    this.afterwards?.()
    if (this.#state === 'settled') return this.#site.open.delete(this)
    this.#left = true
    if (this.#state === 'receiving') return this.#settle('aborted', undefined, 0)
    if (this.#state !== 'answering') return
    this.#settle('accepted', undefined, this.#reply.status)
    this.#sending?.abort(new Error('the sender left'))
  }

  /** The parser gave up on what follows the head. False: the body was whole, and has its verdict. */
  broken(reason: RejectReason): boolean {
    if (this.#complete) return false
    this.#refuse(reason)
    this.#reply.end()
    return true
  }

  checkDeadlines(now: Millis): void {
    const { idle } = this.#site
    const written = this.#writtenAt === undefined ? 0 : now - this.#writtenAt
    if (this.#state === 'receiving') {
      const deadline = this.#route?.provider.deadline ?? idle
      if (now - this.#progress > idle || now - this.since > deadline) this.#refuse('deadline')
    } else if (this.#state === 'forwarding') {
      if (written > this.#provider.upstreamAnswer)
        this.#refuse('upstream_timeout', BUSY, 'no answer began')
    } else if (this.#state !== 'waiting') {
      this.#reply.checkDeadlines(now, idle)
      if (this.#state === 'answering' && written > this.#provider.upstreamWhole) {
        this.#refuse('upstream_timeout', BUSY, 'the answer did not end')
      }
    }
  }

  /** The budget ended it: others needed the room more. */
  evict(): void {
    this.#refuse('memory', BUSY)
  }

  /** Nothing is owed to the sender any more. */
  get finished(): boolean {
    return this.#complete && this.#reply.closed
  }

  get over(): boolean {
    return this.#spent?.granted === false
  }

  get account(): string | undefined {
    return this.#sender.capped ? this.#sender.group : undefined
  }

  get #provider(): Provider {
    assert(this.#route !== undefined, 'only what has a route gets past it')
    return this.#route.provider
  }

  #listen(): void {
    if (this.#listening) return
    this.#listening = true
    this.#req.on('data', onData)
    this.#req.on('end', onEnd)
  }
}

function onData(this: Incoming, chunk: Buffer): void {
  this[kExchange]?.data(chunk)
}

function onEnd(this: Incoming): void {
  this[kExchange]?.end()
}

function onClose(this: Outgoing): void {
  this[kExchange]?.closed()
}

function onTurn(exchange: Exchange): void {
  exchange.enter()
}

function onImpatient(exchange: Exchange): void {
  exchange.impatient()
}
