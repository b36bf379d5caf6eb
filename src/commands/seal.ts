import { Fault } from '../errors.ts'
import { resolvePublicKey } from '../secrets/public-key.ts'
import { resolveSecret, withoutLineEnd } from '../secrets/resolve.ts'
import { seal as close } from '../secrets/seal.ts'
import { readPublicHalf } from '../secrets/sealing-key.ts'
import type { Bytes } from '../units.ts'
import { processWorld, type World } from './asked.ts'
import { type Command, readArguments } from './command.ts'

/** What a secret can have, as for the references of a map. */
const SHORTEST: Bytes = 16
const LONGEST: Bytes = 64 * 1024

export const command: Command = {
  help: `hookwarden seal --to KEY [--from REFERENCE] [--json]

Seals a secret, so that it can stand in the map and the map in a repository. Reads the secret from standard input, less one
trailing line end, and prints the line for the map: sealed:…

  --to KEY          the public half that \`hookwarden keygen\` printed, or file:PATH
  --from REFERENCE  take the secret from env:NAME, file:PATH or sealed:… instead; the last one, with the old private half
                    at hand, seals it to a new key
  --json            for machines

Examples: pbpaste | hookwarden seal --to hwpub_…
          read -rs S && printf %s "$S" | hookwarden seal --to hwpub_…
          hookwarden seal --to hwpub_… --from file:/run/secrets/stripe_whsec
Exit codes: 0 sealed, 2 it cannot be done as asked.`,

  async main(args) {
    const { to, from, json } = readArguments(args, {
      to: { type: 'string' },
      from: { type: 'string' },
      json: { type: 'boolean', default: false },
    })
    if (to === undefined)
      throw new Fault('usage', 'to which key? --to KEY, see `hookwarden keygen`')
    const given = from === undefined ? await standardInput() : undefined
    return seal({ to, from, given, json }, processWorld(false))
  },
}

/** What `seal` was asked. */
export interface SealOptions {
  readonly to: string
  readonly from: string | undefined
  /** What came on standard input, where `from` is not given. */
  readonly given: Uint8Array | undefined
  readonly json: boolean
}

/** Seals a secret and prints its reference; gives the exit code. Throws a fault for what is no secret or no key. */
export function seal({ to, from, given, json }: SealOptions, world: World): number {
  const publicKey = publicHalfOf(to, world)
  const sealed = `sealed:${close(secretOf(from, given, world), publicKey)}`
  world.terminal.out(json ? JSON.stringify({ secret: sealed }, null, 2) : sealed)
  return 0
}

/** A public half that was given as text or as `file:PATH`. Throws a fault where it is none. */
export function publicHalfOf(to: string, { sources }: Pick<World, 'sources'>): Uint8Array {
  const found = resolvePublicKey(to, sources)
  if ('problem' in found) throw new Fault('usage', `--to: ${found.problem}`)
  const text = Buffer.from(found).toString().trim()
  const publicKey = readPublicHalf(text)
  if (typeof publicKey === 'string') throw new Fault('usage', `--to: ${publicKey}`)
  return publicKey
}

function secretOf(
  from: string | undefined,
  given: Uint8Array | undefined,
  { sources }: World,
): Uint8Array {
  if (from !== undefined) {
    const secret = resolveSecret(from, sources)
    if ('problem' in secret) throw new Fault('secret', `--from: ${secret.problem}`)
    return secret.bytes
  }
  const bytes = withoutLineEnd(given ?? new Uint8Array())
  if (bytes.length < SHORTEST) {
    const what = `standard input holds ${bytes.length} bytes, fewer than ${SHORTEST}`
    throw new Fault('secret', `${what}: no provider would take that as a secret`)
  }
  if (bytes.length > LONGEST) throw new Fault('secret', 'standard input is longer than 64 KiB')
  return bytes
}

/** All of standard input. Never from a keyboard: what is typed there is shown. */
async function standardInput(): Promise<Uint8Array> {
  if (process.stdin.isTTY) {
    const how = 'read -rs S && printf %s "$S" | hookwarden seal …'
    throw new Fault('usage', `pass the secret through a pipe, so that nobody sees it: ${how}`)
  }
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of process.stdin as AsyncIterable<Buffer>) {
    size += chunk.length
    chunks.push(chunk)
    if (size > LONGEST + 2) break
  }
  return Buffer.concat(chunks)
}
