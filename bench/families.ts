/** `npm run bench:families`: what a verdict costs by the family of the signature, without a socket. See docs/performance.md. */
import { Head } from '../src/head.ts'
import { CLEAN } from '../src/reasons.ts'
import { NOW, pair, type Request, request } from '../test/unit/presets/support.ts'

/** One preset for each family, and what it stands for. */
const FAMILIES = [
  ['gitlab', 'token'],
  ['github', 'HMAC over the body'],
  ['stripe', 'HMAC over time and body'],
  ['hubspot-v2', 'plain hash'],
  ['walmart', 'HMAC over a digest of the body'],
  ['twilio', 'HMAC over a sorted form'],
  ['adyen', 'HMAC over JSON fields'],
  ['messagebird', 'JWT, HS256'],
  ['plaid', 'JWT, ES256'],
  ['discord', 'Ed25519'],
  ['sendgrid', 'ECDSA P-256'],
  ['wechat-pay', 'RSA, 2048 bits'],
] as const
/** A body of about 2 KiB, whatever its sender makes of it. */
const TEXT = 'abcdefghijklmnopqrstuvwxyz'.repeat(76)
const CHUNK = 1024
const COUNT = 1000
const ROUNDS = 7

interface Measured {
  readonly preset: string
  readonly says: string
  readonly bytes: number
  readonly genuine: number
  readonly forged: number
}

const measured: Measured[] = FAMILIES.map(([preset, says]) => {
  const { sender, verifier } = pair(preset)
  const verify = ({ headers, target, body }: Request): boolean => {
    const check = verifier.open(new Head('POST', target, headers.flat()), NOW)
    if (typeof check === 'string') return false
    const held: Uint8Array[] = []
    for (let at = 0; at < body.length; at += CHUNK) held.push(body.subarray(at, at + CHUNK))
    for (const chunk of held) check.update(chunk)
    return check.final(held) === CLEAN
  }
  const genuine = request(sender, TEXT)
  const forged = request(sender, TEXT, { seal: flipped })
  if (!verify(genuine) || verify(forged)) throw new Error(`${preset} does not tell them apart`)
  const cost = (sent: Request): number => least(() => verify(sent))
  return { preset, says, bytes: genuine.body.length, genuine: cost(genuine), forged: cost(forged) }
})

const base = measured.find(({ preset }) => preset === 'github')?.genuine ?? 1
console.log('family                           preset       bytes  genuine us  forged us  to github')
for (const { preset, says, bytes, genuine, forged } of measured) {
  const times = [genuine, forged].map(cost => cost.toFixed(1).padStart(10))
  console.log(
    `${says.padEnd(32)} ${preset.padEnd(12)} ${`${bytes}`.padStart(5)} ${times.join(' ')} ${(genuine / base).toFixed(2).padStart(10)}`,
  )
}

/** CPU time of one call in microseconds: the least of the rounds. */
function least(call: () => void): number {
  let best = Number.POSITIVE_INFINITY
  for (let round = 0; round <= ROUNDS; round++) {
    const begun = process.cpuUsage()
    for (let i = 0; i < COUNT; i++) call()
    const { user, system } = process.cpuUsage(begun)
    if (round > 0) best = Math.min(best, (user + system) / COUNT)
  }
  return best
}

function flipped(signature: Buffer): Buffer {
  const copy = Buffer.from(signature)
  const last = copy.length - 1
  copy[last] = (copy[last] ?? 0) ^ 1
  return copy
}
