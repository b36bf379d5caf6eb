/** A scheme as the map and the presets write it: the language of `docs/schemes.md`. */
export interface Scheme {
  /** `hmac-sha1`, `hmac-sha256`, `hmac-sha512`, … or `token`. */
  readonly alg: string
  /** Where the signature is: `header:X` or `query:x`. */
  readonly from: string
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
}

/** The signed time of a scheme. */
export interface SchemeTime {
  /** Template of the time, `{ts}` when absent. */
  readonly from?: string | undefined
  readonly unit: 's' | 'ms' | 'iso' | 'http'
  /** Such as `300s`: how far from our own clock, both ways. */
  readonly tolerance: string
}
