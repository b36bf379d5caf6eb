/** How a sender asks whether a URL is yours, and the answer it wants: data of its preset, and a closed set of kinds. */
export type Handshake = AtHead | InBody

/** Asked with method, query or headers. Nobody proves anything here, so nothing but the value itself goes back. */
type AtHead = Status | EchoQuery | EchoHeader | MacQuery
/** Asked in a body that verified first. */
type InBody = EchoBody | MacBody | FixedBody | ConfirmBody | SealedBody

/** A request with a method that no delivery has is answered with 200. */
interface Status {
  readonly kind: 'status'
  readonly method: 'HEAD' | 'GET'
}

interface EchoQuery {
  readonly kind: 'echo-query'
  readonly method: 'GET' | 'POST'
  /** Name of the parameter that is sent back. */
  readonly value: string
  /** Parameters that say that this is a challenge, with their values. */
  readonly where?: Readonly<Record<string, string>>
  /** Name of the parameter that has to be the `verify_token` of the entry; without one nothing is answered. */
  readonly token?: string
  readonly answer: Answer
}

interface EchoHeader {
  readonly kind: 'echo-header'
  readonly method: 'GET' | 'POST'
  /** Name of the header that is sent back. */
  readonly value: string
  readonly answer: Answer
}

/**
 * The sender's key signs what anybody may choose. Answered only where the value has the sender's own narrow grammar,
 * and only for bodies that begin with `{` or `[`, which no value of such a grammar does: an answer proves no delivery.
 */
interface MacQuery {
  readonly kind: 'mac-query'
  readonly method: 'GET'
  readonly value: string
  readonly mac: Mac
  readonly answer: Answer
}

interface EchoBody {
  readonly kind: 'echo-body'
  /** Fields, by path, that say that this is a challenge, with their values. */
  readonly where: Readonly<Record<string, string>>
  /** A field that only deliveries have. */
  readonly without?: string
  /** Path of the field that is sent back. */
  readonly value: string
  readonly answer: Answer
}

/** The request itself is signed, so the sender chose the value; the grammar is held all the same. */
interface MacBody extends Omit<EchoBody, 'kind'> {
  readonly kind: 'mac-body'
  readonly mac: Mac
}

/** Answered with the same words each time. */
interface FixedBody extends Pick<EchoBody, 'where' | 'without'> {
  readonly kind: 'fixed-body'
  readonly status: 200 | 204
  /** JSON; empty for none. */
  readonly body: string
}

/**
 * Answered by calling a URL that the sender names, which has to be one of its own host. Only where the map says
 * `handshake: on`: it is the one answer for which Hookwarden calls anybody.
 */
interface ConfirmBody extends Pick<EchoBody, 'where' | 'without' | 'value'> {
  readonly kind: 'confirm-body'
}

/**
 * Encrypted with the sender's key, not signed: AES-256 with the key's SHA-256, IV in front, in base64. What is inside
 * names its type and the `verify_token` of the entry; without one nothing is answered.
 */
interface SealedBody {
  readonly kind: 'sealed-body'
  /** Name of the field that holds it. */
  readonly sealed: string
  readonly answer: Answer
}

interface Mac {
  readonly grammar: Grammar
  readonly hash: 'sha256'
  readonly encoding: 'hex' | 'base64'
}

/** How the value goes back: alone, in a header, or in JSON, where `{value}` and `{mac}` stand for what they say. */
type Answer =
  | 'text'
  | { readonly header: string }
  | { readonly json: Readonly<Record<string, string>> }

/** What senders let a value be that they want signed. Neither `=`, `:`, `{`, `[` nor a blank is in any of them. */
export const GRAMMARS = {
  uuid: /^[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}$/,
  token: /^[\w-]{16,128}$/,
} as const
type Grammar = keyof typeof GRAMMARS

/** Whether it is asked before there is a body. */
export function isAtHead(handshake: Handshake): handshake is AtHead {
  return !/-body$/.test(handshake.kind)
}
