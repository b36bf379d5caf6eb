import type { Millis } from '../units.ts'
import type { Enrolment } from '../verify/enrolling.ts'
import type { Handshake } from '../verify/handshake.ts'
import type { Scheme } from '../verify/scheme.ts'

/**
 * A known sender: how it signs, what its entry in the map need not say, and what its operator should know. What
 * nobody has read is left out, never guessed.
 */
export interface Preset {
  /** The sender as its own pages write it. */
  readonly title: string
  readonly scheme: Scheme
  /** The sender's own page on its scheme. */
  readonly page: { readonly title?: string; readonly url: string }
  readonly evidence: Evidence
  /** The library that was run against the scheme, with its version. */
  readonly read?: string
  /** How long it waits for an answer, by its pages or others' accounts of them; undefined leaves `answer_within` at its default. */
  readonly timeout?: Millis
  /** Methods the sender uses, where the default list would refuse them. */
  readonly methods?: readonly string[]
  /** Types the sender uses, where the default list would refuse them. */
  readonly contentTypes?: readonly string[]
  /** What Automatisch is told instead of those of them that it does not parse. */
  readonly forwardAs?: 'application/json' | 'text/plain'
  /** Where the id of a delivery stands: `header:X`, `json:a.b`, `form:x` or `claim:x`. */
  readonly deliveryId?: string
  /** Where the secret is found or set, as a path of words to click. */
  readonly setup?: string
  /** What the sender asks of a URL before or while it uses it, and the answer it wants. */
  readonly challenge?: string
  /** How that is answered without a flow; undefined where a flow has to, or nobody can. */
  readonly handshake?: readonly Handshake[]
  /** Where its first request, which nothing proves, hands over the key of all others. */
  readonly enrolment?: Enrolment
  /** What the sender does with a delivery that is refused or not answered, and the page that says so. */
  readonly failure?: {
    readonly does: string
    readonly url: string
    /** So many deliveries in a row that fail make it disable the hook, for a while or for good. */
    readonly row?: number
    /** The only answers that it repeats after, where those are not all that are no success. */
    readonly repeats?: readonly number[] | '5xx'
  }
  /** What surprises those who set it up. Markdown, one sentence or two each. */
  readonly caveats?: readonly string[]
}

/** On what a preset rests, and whether that is enough to call it supported. */
export const EVIDENCE = {
  sdk: { status: 'supported', says: "the sender's own library was run against it" },
  library: { status: 'supported', says: "an independent library's verifier was run against it" },
  source: { status: 'supported', says: "the sender's own source code was read" },
  docs: { status: 'supported', says: "the sender's own page was read" },
  secondhand: {
    status: 'community',
    says: "taken from others' descriptions of the sender's page; nobody here has read that page itself",
  },
} as const
type Evidence = keyof typeof EVIDENCE
