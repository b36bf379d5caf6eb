import type { Millis } from '../units.ts'
import type { Scheme } from '../verify/scheme.ts'
import { RECORDED } from './recorded.ts'

/** One delivery with a signature that was not made by the code under test. */
export interface Vector {
  /** Of the preset, or of what of the language it is about where it brings a scheme. */
  readonly name: string
  readonly scheme?: Scheme
  /** `recorded`, or where its sender published it. */
  readonly source: string
  /** Empty where a public key proves. */
  readonly secret: string
  /** Values of the entry beside the secret. */
  readonly values?: Readonly<Record<string, string>>
  readonly public_url?: string
  /** When it is fresh; null where no time is signed. */
  readonly time: Millis | null
  readonly method: string
  readonly target: string
  readonly headers: readonly (readonly [string, string])[]
  /** As UTF-8. Recorded ones hold `MARK` somewhere. */
  readonly body: string
  /** How far its time may be off, such as `300s`; undefined where that is not limited, or was not recorded. */
  readonly tolerance?: string
  /** Raw, in base64; undefined where it was published in writing. */
  readonly signature?: string
  /** Whether another body had another signature, as the sender signed it. */
  readonly covers?: boolean
}

/** Every vector, published ones first. */
export function readVectors(): readonly Vector[] {
  return RECORDED.map(text => JSON.parse(text) as Vector) // written by `npm run vectors` in this form
}
