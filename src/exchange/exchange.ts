import type { IncomingMessage, ServerResponse } from 'node:http'
import { type Declared, declaredLength } from '../admit/length.ts'
import { Head } from '../head.ts'
import type { Spend } from '../limit/address-buckets.ts'
import type { Hold, Upload } from '../limit/budget.ts'
import type { Limit } from '../limit/gcra.ts'
import { CLEAN, REASONS, type RejectReason, type Verdict } from '../reasons.ts'
import type { Claim } from '../replay/store.ts'
import type { Bytes, Millis } from '../units.ts'
import type { Errand, Told } from '../verify/told.ts'
import type { Check, Proof } from '../verify/verifier.ts'
import { admissible, openTo } from './admission.ts'
import { REPORTED, UNOPENED } from './check.ts'
import { Claimed } from './claimed.ts'
import { type Awaiting, Delivery } from './delivery.ts'
import { attend, listen } from './events.ts'
import { awaitsContinue, framing, type Rest, restOf, trailing } from './framing.ts'
import { Held } from './held.ts'
import { type Inspecting, inspect } from './inspection.ts'
import type { Watched } from './open.ts'
import { outgoing } from './outgoing.ts'
import { type Peer, type Sender, senderOf } from './peer.ts'
import { type OwnAnswer, Reply } from './reply.ts'
import type { Provider, Route, Serving } from './route.ts'
import { DRAFT, type Seeking, seek } from './seek.ts'
import type { Ending, Site } from './site.ts'
import { BUSY, type Queued, Turn } from './turn.ts'

/** One request and its response. The methods follow the life of a request from top to bottom. */
export class Exchange implements Watched, Upload, Queued, Awaiting, Inspecting, Seeking {
  readonly since: Millis
  held: Bytes = 0
  hold: Hold | undefined
  place = -1
  /** Called when the response is over. */
  afterwards: (() => void) | undefined
  readonly #site: Site
  #serving: Serving
  readonly #req: IncomingMessage
  readonly #res: ServerResponse
  readonly #reply: Reply
  readonly #head: Head
  readonly #sender: Sender
  readonly #requestId: string
  readonly #declared: Declared
  readonly #body = new Held()
  #route: Route | undefined
  #spent: Spend | undefined
  #addressKey = ''
  #check: Check = UNOPENED
  #state: 'receiving' | 'waiting' | 'forwarding' | 'settled' = 'receiving'
  #complete = false
  /** The sender is gone. */
  #left = false
  #progress: Millis
  #receivedAt: Millis | undefined
  #claimed: Claimed | undefined
  #turn: Turn | undefined
  #paced: Millis = 0
  #delivery: Delivery | undefined
  /** What the upstream answered. */
  #status = 0

  constructor(site: Site, peer: Peer, req: IncomingMessage, res: ServerResponse) {
    this.since = site.clock.now()
    this.#progress = this.since
    this.#site = site
    this.#serving = site.serving()
    this.#req = req
    this.#res = res
    this.#reply = new Reply(req, res, this.since)
    this.#head = new Head(req.method ?? '', req.url ?? '', req.rawHeaders)
    this.#declared = declaredLength(this.#head)
    this.#requestId = site.requestIds.next()
    this.#sender = senderOf(peer, this.#head, this.#serving.trusted)
  }

  // ---- what the head alone decides -------------------------------------------------------------------------

  begin(): void {
    attend(this.#req, this.#res, this)
    this.#site.open.add(this)
    const framed = framing(this.#head, this.#req.httpVersion, this.#declared, this.#serving.hosts)
    if (framed !== CLEAN) return this.#refuse(framed)
    const route = this.#serving.routes.match(this.#head.path)
    if (route === undefined) return this.#spend(this.#serving.unrouted, 'none')
    this.#lead(route)
  }

  #lead(route: Route): void {
    this.#route = route
    const { provider } = route
    const open = openTo(this.#sender, provider, this.#site.draining() === 'closed')
    if (open !== CLEAN) return this.#refuse(open)
    const told = provider.handshake?.atHead(this.#head)
    if (told === undefined && !provider.methods.has(this.#head.method))
      return this.#refuse('method')
    this.#spend(provider.addressLimit, provider.name, told)
  }

  /** Limits before the verdict protect Hookwarden: an exchange is only marked here, unless it led nowhere anyway. */
  #spend(limit: Limit, provider: string, told?: Told | RejectReason): void {
    const { addresses, clock } = this.#site
    this.#addressKey = this.#sender.peer.keyUnder(provider)
    this.#spent = addresses.spend(limit, this.#addressKey, clock.now())
    if (told !== undefined && !this.over) return this.#tell(told)
    if (told === undefined && this.#route !== undefined) return this.#admit(this.#route.provider)
    if (this.over) return this.#refuse('rate_address', this.#spent.retryAfter)
    seek(this.#site, this.#head.path, this)
  }

  /** Nobody knew the path. By now a flow may have been discovered that has it. */
  sought(refusal: RejectReason): void {
    if (this.#state === 'settled') return
    this.#serving = this.#site.serving()
    const route = this.#serving.routes.match(this.#head.path)
    if (route !== undefined) return this.#lead(route)
    this.#refuse(refusal, refusal === 'no_route' ? 0 : BUSY)
  }

  #admit(provider: Provider): void {
    if (this.over && this.#site.overloaded()) return this.#refuse('overloaded', BUSY)
    const verdict = admissible(this.#head, this.#declared, provider)
    if (verdict === CLEAN) this.#open()
    else this.#refuse(verdict)
  }

  /** Everything about the claim that needs no body; no byte of it has been read so far. */
  #open(): void {
    const { verifier } = this.#provider
    if (verifier === undefined) return this.#refuse('secret_unavailable')
    const opened = verifier.open(this.#head, this.#site.clock.wall())
    if (typeof opened === 'string' && this.#stops(opened)) return
    this.#check = typeof opened === 'string' ? REPORTED : opened
    if (this.over && (this.#check === REPORTED || this.#check.unclaimed))
      return this.#refuse('rate_address', this.#spent?.retryAfter)
    this.#site.budget.open(this)
    if (this.#req.httpVersion === '1.1' && awaitsContinue(this.#head)) this.#res.writeContinue()
    listen(this.#req)
  }

  // ---- the body --------------------------------------------------------------------------------------------

  data(chunk: Buffer): void {
    if (this.#state === 'settled') return this.#reply.drop(chunk)
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
    if (this.#state === 'settled') return this.#reply.dropped()
    if (trailing(this.#req)) return this.#refuse('malformed_http')
    this.#state = 'waiting'
    this.#receivedAt = this.#site.clock.now()
    this.#site.budget.complete(this)
    const wanted = this.over ? undefined : this.#check.wanted?.(this.#body.chunks())
    if (wanted === undefined) return this.#judge(this.#receivedAt)
    void this.#site.errands.certificate(wanted).then(() => this.#judge(this.#site.clock.now()))
  }

  #judge(at: Millis): void {
    if (this.#stops(this.#check.final(this.#body.chunks()))) return
    const { proof, told } = this.#check
    if (told !== undefined) return this.#tell(told)
    if (proof !== undefined) {
      const { addresses } = this.#site
      if (!this.over) addresses.giveBack(this.#provider.addressLimit, this.#addressKey, at)
      addresses.proven(this.#addressKey, at)
    }
    inspect(this.#head, this.#body, this.#provider, this.#serving, this)
  }

  inspected(): void {
    const { proof } = this.#check
    if (proof === undefined) return this.#queue(false)
    const told = this.#provider.handshake?.inBody(this.#body.chunks())
    if (told !== undefined) return this.#tell(told)
    this.#claim(proof)
  }

  /** Whether `verdict` ends the exchange. In report mode most verdicts are only counted. */
  #stops(verdict: Verdict): boolean {
    if (verdict === CLEAN) return false
    const { mode, name } = this.#provider
    const { reportable } = REASONS[verdict]
    if (!this.over && reportable) this.#explain(verdict)
    if (this.over) this.#refuse('rate_address', this.#spent?.retryAfter)
    else if (reportable && this.#route?.draft === true) this.#refuse('no_route', 0, DRAFT)
    else if (mode !== 'report' || !reportable) this.#refuse(verdict)
    else this.#site.observer.reported(name, verdict)
    return this.#state === 'settled'
  }

  /** Has a few refusals explained: what there is of the body is shown, and the rest as it is dropped. */
  #explain(reason: RejectReason): void {
    const { name: provider } = this.#provider
    const refused = { provider, requestId: this.#requestId, reason, head: this.#head }
    this.#reply.witness ??= this.#site.explainer.consider(refused)
    this.#reply.witness?.see(this.#body.chunks(), this.#complete)
  }

  // ---- a proven delivery: once, and in its turn -----------------------------------------------------------

  #claim({ replay }: Proof): void {
    const window = this.#route?.replay
    if (this.#route === undefined || window === undefined || replay === undefined)
      return this.#queue(true)
    const { replay: store, clock } = this.#site
    this.#claimed = new Claimed(store, this.#route.replayPrefix + replay, this.#requestId)
    const claim = this.#claimed.take(this.#route, window, clock.now())
    if (claim instanceof Promise) void claim.then(late => this.#claims(late))
    else this.#claims(claim)
  }

  #claims(claim: Claim): void {
    if (claim === 'delivered') return this.#duplicate()
    if (claim === 'unavailable') return this.#refuse('store_unavailable', BUSY)
    if (claim === 'in_flight') return this.#refuse('in_flight', this.#provider.answerWithin)
    this.#claimed?.hold()
    this.#queue(true)
  }

  /** Only what is proven may wait, and only it spends its provider's rate. */
  #queue(proven: boolean): void {
    this.#turn = new Turn(this.#site, this.#provider, this, this.#receivedAt ?? this.since)
    if (proven) return this.#turn.wait()
    this.#reply.witness?.see(this.#body.chunks(), true)
    this.#turn.pass()
  }

  refused(reason: RejectReason, retryAfter: Millis, detail?: string): void {
    this.#refuse(reason, retryAfter, detail)
  }

  // ---- upstream --------------------------------------------------------------------------------------------

  admitted(): void {
    this.#state = 'forwarding'
    this.#paced = this.#site.clock.now() - (this.#receivedAt ?? 0)
    this.#delivery = new Delivery(this.#site, this.#provider, this.#reply, this, this.#left)
    const { proof } = this.#check
    const requestId = this.#requestId
    const admitted = { head: this.#head, body: this.#body, proof, sender: this.#sender, requestId }
    this.#delivery.send(outgoing(admitted, this.#route as Route, this.#serving, this.#site))
  }

  /** What was taken must not run again; all else may. A flow that is called in sync chose its answer. */
  answered(status: number): void {
    this.#status = status
    const taken = status < 300 || (status < 500 && this.#route?.sync === true)
    if (taken) this.#claimed?.keep()
  }

  delivered(): void {
    if (this.#state === 'settled') return
    const status = this.#status
    this.#settle({ outcome: status >= 500 ? 'upstream_error' : 'accepted', status })
  }

  undelivered(reason: RejectReason, detail: string, unsent = false): void {
    if (!unsent || this.#turn?.repeatable !== true) return this.#refuse(reason, BUSY, detail)
    this.#state = 'waiting'
    this.#turn.repeat()
  }

  // ---- the end ---------------------------------------------------------------------------------------------

  #duplicate(): void {
    this.#settle({ outcome: 'duplicate', status: 200 })
    if (!this.#left) this.#answer(200, ['status', 'duplicate'])
  }

  /** The sender asked whether the URL is ours: nothing of it reaches the upstream. */
  #tell(told: Told | Errand | RejectReason): void {
    if (typeof told === 'string') return this.#refuse(told)
    if ('visit' in told) return void this.#site.errands.run(told).then(one => this.#tell(one))
    this.#settle({ outcome: 'challenge', status: told.status })
    if (this.#left) return
    const rest = this.#close(told.status)
    this.#reply.tell(told, rest, this.#site.clock.now())
    if (rest === 'large') listen(this.#req)
  }

  /** @param detail what the operator is told beside the reason */
  #refuse(reason: RejectReason, retryAfter: Millis = 0, detail?: string): void {
    if (this.#state === 'settled') return
    const { says, stage } = REASONS[reason]
    const status = this.#route?.provider.instead.get(reason) ?? REASONS[reason].status
    const { begun } = this.#reply
    const outcome = stage === 'forward' ? 'upstream_error' : 'rejected'
    this.#settle({ outcome, reason, status: begun ? this.#status : status, detail })
    if (this.#left) return
    if (begun) return this.#reply.cut()
    const allow = reason === 'method' ? this.#provider.allow : undefined
    this.#answer(status, ['error', says], retryAfter, allow)
  }

  #answer(status: number, says: OwnAnswer['says'], retryAfter = 0, allow?: string): void {
    const rest = this.#close(status)
    const requestId = this.#requestId
    this.#reply.own({ status, says, requestId, retryAfter, allow, rest }, this.#site.clock.now())
    if (rest === 'large' || this.#reply.witness !== undefined) listen(this.#req) // else node:http drops it
  }

  /** What is still to come of the body when an answer of ours goes out. */
  #close(status: number): Rest {
    if (this.#site.draining() !== 'no') this.#reply.closeAfter()
    return restOf(this.#complete, this.#head, this.#declared, this.#body.size, status)
  }

  /** Tells the observer, once, and gives back what the exchange held. */
  #settle({ outcome, reason, status, detail }: Ending): void {
    this.#state = 'settled'
    const { clock, budget, observer, open } = this.#site
    const now = clock.now()
    budget.release(this)
    if (this.#complete) this.#body.drop()
    else this.#body.free() // only the verifier has seen it, a chunk at a time
    this.#claimed?.release()
    this.#turn?.end(now)
    if (reason !== undefined) this.#delivery?.abort()
    observer.settled({
      provider: this.#route?.provider.name ?? 'none',
      outcome,
      reason,
      status: this.#left && !this.#reply.begun ? 0 : status,
      from: reason === undefined && this.#delivery?.answering ? 'upstream' : 'hookwarden',
      method: this.#head.method,
      route: this.#route?.path,
      bytes: this.#body.size,
      requestId: this.#requestId,
      address: this.#sender.peer.address,
      duration: now - this.since,
      receiving: (this.#receivedAt ?? now) - this.since,
      upstream: this.#delivery?.took(now),
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
    if (this.#state === 'receiving') return this.#settle({ outcome: 'aborted', status: 0 })
    this.#delivery?.leave()
    if (this.#delivery?.answering !== true) return
    this.#settle({ outcome: 'accepted', status: this.#status })
    this.#delivery.abort()
  }

  /** The parser gave up on what follows the head. False: the body was whole, and has its verdict or will get it. */
  broken(reason: RejectReason): boolean {
    if (this.#req.complete) return false
    this.#refuse(reason)
    return true
  }

  checkDeadlines(now: Millis): void {
    const { idle } = this.#site
    if (this.#state === 'settled') return this.#reply.checkDeadlines(now, idle)
    if (this.#state === 'forwarding') return this.#delivery?.checkDeadlines(now)
    const deadline = this.#route?.provider.deadline ?? idle
    const slow = now - this.#progress > idle || now - this.since > deadline
    if (this.#state === 'receiving' && slow) this.#refuse('deadline')
  }

  /** The budget ended it: others needed the room more. */
  evict(): void {
    this.#refuse('memory', BUSY)
  }

  /** Nothing is owed to the sender any more. */
  get finished(): boolean {
    return this.#req.complete && this.#reply.closed
  }

  get over(): boolean {
    return this.#spent?.granted === false
  }

  get account(): string | undefined {
    return this.#sender.capped ? this.#sender.peer.group : undefined
  }

  get #provider(): Provider {
    return (this.#route as Route).provider // only what has a route gets past it
  }
}
