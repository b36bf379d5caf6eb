import { type Head, REPEATED } from '../head.ts'
import type { RejectReason, Verdict } from '../reasons.ts'
import type { Millis } from '../units.ts'
import { bindVerifier } from './bind.ts'
import { Body } from './body.ts'
import type { CompiledScheme } from './compiled.ts'
import { jsonTree } from './json.ts'
import { keyProblem } from './key.ts'
import { isCertificateUrl, snsHost } from './sns-urls.ts'
import type { Check, Proof, Verifier } from './verifier.ts'

/** A certificate that was fetched and is valid now. One object for each fetch. */
export interface Certificate {
  /** As PEM. */
  readonly pem: string
}

/** What is known without asking anybody. */
export interface KnownCertificates {
  /** `absent`: its host says there is none. `unavailable`: nobody could say. Undefined: nobody was asked lately. */
  at(url: string): Certificate | 'absent' | 'unavailable' | undefined
  /** Whether somebody should be asked: nobody was lately, whatever `at` knows from before. */
  due(url: string): boolean
}

const TREE = jsonTree(['TopicArn', 'SigningCertURL'].map(path => ({ path, steps: [path] })))

/**
 * Verifies messages of Amazon SNS with the certificate that each names, where that is one of the host of the topic's
 * region. It fetches nothing itself: whoever holds the message asks its check first what is `wanted`.
 *
 * @see "Verifying the signatures of Amazon SNS messages", Amazon SNS Developer Guide
 */
export class FetchedVerifier implements Verifier {
  readonly decides = 'over_whole_body'
  readonly #scheme: CompiledScheme
  readonly #topic: string
  readonly #known: KnownCertificates
  /** Verifiers live as long as their certificate is kept. */
  readonly #bound = new WeakMap<Certificate, Verifier | 'sender_unavailable'>()

  constructor(scheme: CompiledScheme, topicArn: string, known: KnownCertificates) {
    this.#scheme = scheme
    this.#topic = topicArn
    this.#known = known
  }

  open(head: Head, now: Millis): Check {
    return new FetchedCheck(this, head, now)
  }

  /** Nothing is fetched for a message of another topic, or from any other place than the topic's own. */
  named(held: readonly Uint8Array[]): { readonly url: string } | RejectReason {
    const fields = new Body(held).json(TREE)
    if (fields === undefined) return 'malformed_body'
    const topic = fields === REPEATED ? REPEATED : fields.text('TopicArn')
    const url = fields === REPEATED ? REPEATED : fields.text('SigningCertURL')
    if (topic === REPEATED || url === REPEATED) return 'signature_malformed'
    if (topic === undefined || url === undefined) return 'signature_missing'
    const host = snsHost(this.#topic)
    const trusted = topic === this.#topic && host !== undefined && isCertificateUrl(url, host)
    return trusted ? { url } : 'signature_mismatch'
  }

  due(url: string): boolean {
    return this.#known.due(url)
  }

  /** What judges a message that names this certificate, or why nothing can. */
  by(url: string): Verifier | RejectReason {
    const certificate = this.#known.at(url) ?? 'unavailable'
    if (certificate === 'absent') return 'signature_mismatch'
    if (certificate === 'unavailable') return 'sender_unavailable'
    const bound = this.#bound.get(certificate) ?? this.#bind(certificate)
    this.#bound.set(certificate, bound)
    return bound
  }

  #bind({ pem }: Certificate): Verifier | 'sender_unavailable' {
    const bytes = Buffer.from(pem)
    if (keyProblem(this.#scheme, bytes) !== undefined) return 'sender_unavailable'
    return bindVerifier(this.#scheme, [{ bytes, place: 'current', until: undefined }])
  }
}

class FetchedCheck implements Check {
  readonly #verifier: FetchedVerifier
  readonly #head: Head
  readonly #now: Millis
  /** Read once: bodies are large, and anybody may send them. */
  #named: { readonly url: string } | RejectReason | undefined
  #check: Check | undefined

  constructor(verifier: FetchedVerifier, head: Head, now: Millis) {
    this.#verifier = verifier
    this.#head = head
    this.#now = now
  }

  update(): void {}

  wanted(held: readonly Uint8Array[]): string | undefined {
    this.#named = this.#verifier.named(held)
    if (typeof this.#named === 'string') return undefined
    return this.#verifier.due(this.#named.url) ? this.#named.url : undefined
  }

  final(held: readonly Uint8Array[]): Verdict {
    const named = this.#named ?? this.#verifier.named(held)
    if (typeof named === 'string') return named
    const verifier = this.#verifier.by(named.url)
    if (typeof verifier === 'string') return verifier
    const opened = verifier.open(this.#head, this.#now)
    if (typeof opened === 'string') return opened
    this.#check = opened
    return opened.final(held)
  }

  get proof(): Proof | undefined {
    return this.#check?.proof
  }

  get skew(): Millis | undefined {
    return this.#check?.skew
  }
}
