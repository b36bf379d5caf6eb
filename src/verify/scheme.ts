/** A scheme as the map and the presets write it: the language of `docs/schemes.md`. */
export interface Scheme {
  /**
   * `hmac-<hash>`; a bare `<hash>` with the secret mixed into `sign`; `ed25519`, `ecdsa-p256-sha256`, `rsa-sha1`,
   * `rsa-sha256`, `rsa-sha512`, `rsa-pss-sha512`; `jwt`, `token` or `basic`.
   */
  readonly alg: string
  /** Where the signature is: `header:X`, `query:x`, `form:x`, `json:a.b` or `body`; of a list, any one. */
  readonly from: string | readonly string[]
  /** Characters that separate items in that value. */
  readonly split?: string | undefined
  /** Patterns of one item; `{sig}` makes a candidate, any other name binds a variable. */
  readonly items?: readonly string[] | undefined
  readonly encoding?: 'hex' | 'base64' | 'base64url' | 'base64+hex' | undefined
  /** Template of the signed bytes. */
  readonly sign?: string | undefined
  /** Template of the key bytes, `{secret}` when absent. */
  readonly key?: string | undefined
  readonly timestamp?: SchemeTime | undefined
  /** Pairs of templates that must come to the same. */
  readonly require?: readonly (readonly [string, string])[] | undefined
  /** Path to a JSON array of the body: every element is verified for itself, and all must pass. */
  readonly each?: string | undefined
  /** Path from an element of `each` to the object that is signed; the element itself when absent. */
  readonly item?: string | undefined
  /** How the public key is written; an entry of the map may say otherwise. */
  readonly key_format?: 'pem' | 'hex' | 'base64' | 'base64url' | undefined
  /** Algorithms that a JWT may name, such as `HS256`. */
  readonly algs?: readonly string[] | undefined
  /** What a JWT must say: a template for each claim. */
  readonly claims?: Readonly<Record<string, string | BodyClaim>> | undefined
  /** Such as `300s`: the oldest `iat` of a JWT. */
  readonly max_age?: string | undefined
  /** For presets alone: a step in code, for what no template says. */
  readonly code?: 'atlassian-connect' | 'aws-sns' | 'dropbox-sign' | 'truelayer' | undefined
}

/** The signed time of a scheme. */
export interface SchemeTime {
  /** Template of the time, `{ts}` when absent. */
  readonly from?: string | undefined
  readonly unit: 's' | 'ms' | 'iso' | 'http'
  /** Such as `300s`: how far from our own clock, both ways. */
  readonly tolerance: string
}

/** A claim that is there with a body and absent without one. */
export interface BodyClaim {
  readonly is: string
  readonly when: 'body'
}
