import * as z from 'zod'
import { reference, scalar, Wrong } from './grammar.ts'
import { group, optional } from './keys.ts'
import type { AdminAuth } from './settings.ts'

const NONE = 'none'

const credentials = group({
  user: z
    .string({ error: 'expected a name' })
    .regex(/^[!-9;-~]{1,64}$/, {
      error: 'expected up to 64 letters, digits and signs, without `:`',
    })
    .meta({ description: 'Name that a browser asks for.' }),
  password: reference().meta({ description: 'Reference to the password, 16 bytes at least.' }),
})

const EXPECTED =
  'a reference to a token such as `file:/run/secrets/admin`, `user` with `password`, or `none`'
const token = reference()
const isReference = (text: string): boolean => token.safeParse(text).success

/** What the admin listener asks for. */
export const adminAuth = optional(
  z.union(
    [
      scalar(EXPECTED, text =>
        text === NONE || isReference(text) ? text : new Wrong(`expected ${EXPECTED}`),
      ),
      credentials,
    ],
    { error: `expected ${EXPECTED}` },
  ),
  'nothing is asked for on loopback; anywhere else it has to be given',
  'What the admin listener asks for: a reference to a token (as a bearer token, or as the password of any user), `user` and `password`, or `none` said on purpose. `/healthz` and the bare status of `/readyz` never ask. Read at start.',
  "whoever reaches loopback is on this machine already; what it tells about senders is nobody else's business",
)

/** What that means; undefined where nothing is asked for. */
export function adminAuthOf(given: z.output<typeof adminAuth>): AdminAuth | undefined {
  if (given === undefined || given === NONE) return undefined
  return typeof given === 'string'
    ? { user: undefined, secret: given }
    : { user: given.user, secret: given.password }
}
