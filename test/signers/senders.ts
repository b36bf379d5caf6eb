import { BODY } from './body.ts'
import { DIGESTS } from './digest.ts'
import { FIELDS } from './fields.ts'
import { JWTS } from './jwt.ts'
import { PUBLIC_KEYS } from './public-key.ts'
import type { Sender } from './sender.ts'
import { STANDARD } from './standard.ts'
import { TIMED } from './timed.ts'
import { TOKENS } from './token.ts'
import { URLS } from './url.ts'

/** A sender for every preset, written out from the senders' pages: nothing here is made from `src/presets`. */
export const SENDERS: Readonly<Record<string, Sender>> = {
  ...TOKENS,
  ...BODY,
  ...TIMED,
  ...STANDARD,
  ...URLS,
  ...DIGESTS,
  ...JWTS,
  ...PUBLIC_KEYS,
  ...FIELDS,
}
