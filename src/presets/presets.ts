import { DIGEST } from './digest.ts'
import { FIELDS } from './fields.ts'
import { HMAC_BASE64 } from './hmac-base64.ts'
import { HMAC_HEX_A_M } from './hmac-hex-a-m.ts'
import { HMAC_HEX_N_Z } from './hmac-hex-n-z.ts'
import { HMAC_PREFIXED } from './hmac-prefixed.ts'
import { JWT } from './jwt.ts'
import type { Preset } from './preset.ts'
import { PUBLIC_KEY } from './public-key.ts'
import { STANDARD_WEBHOOKS } from './standard-webhooks.ts'
import { TIMED_HEADERS } from './timed-headers.ts'
import { TIMED_ITEMS } from './timed-items.ts'
import { TOKEN } from './token.ts'
import { URL_SIGNED } from './url.ts'

export type { Preset } from './preset.ts'

/** Families by the shape of what is signed. A new sender goes into the file of its family, in order of names. */
const FAMILIES = [
  TOKEN,
  HMAC_PREFIXED,
  HMAC_BASE64,
  HMAC_HEX_A_M,
  HMAC_HEX_N_Z,
  TIMED_ITEMS,
  TIMED_HEADERS,
  STANDARD_WEBHOOKS,
  URL_SIGNED,
  DIGEST,
  JWT,
  PUBLIC_KEY,
  FIELDS,
] as const

/** Every preset by the name that the map uses. Without a prototype: a provider may be called `constructor`. */
export const PRESETS: Readonly<Record<string, Preset>> = Object.freeze(
  Object.assign(Object.create(null) as Record<string, Preset>, ...FAMILIES),
)
