import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { PRESETS } from '../../src/presets/presets.ts'
import type { Scheme } from '../../src/verify/scheme.ts'
import { LANGUAGE } from '../signers/language.ts'
import { json, type Sender } from '../signers/sender.ts'
import { SENDERS } from '../signers/senders.ts'
import { VECTORS } from './vectors.ts'

/** What `selftest` reads: the file in `src/` that this one writes. */
export const RECORDED = join(import.meta.dirname, '../../src/selftest/recorded.ts')

const NOW = Date.UTC(2026, 0, 2, 3, 4, 5)
const PUBLIC_URL = 'https://hooks.example.com'
const TARGET = '/in/sender'
/** A text that stands in every body, and the one that is put for it. */
const MARK = 'MARK'
const OTHER = 'MARC'

/** One vector, as its line has it. */
export interface Recorded {
  readonly name: string
  readonly source: string
  readonly [field: string]: unknown
}

/** Signs once with a sender of the test's own. */
export function record(name: string, sender: Sender, rest: object = {}): Recorded {
  const { headers, target = TARGET, body, signature } = signed(sender, MARK)
  return {
    name,
    source: 'recorded',
    ...rest,
    secret: sender.secret,
    values: sender.values ?? {},
    public_url: PUBLIC_URL,
    time: NOW,
    method: 'POST',
    target,
    headers,
    body: body.toString(),
    signature: signature.toString('base64'),
    // an independent word on what the signature covers
    covers: !signature.equals(signed(sender, OTHER).signature),
  }
}

function signed(sender: Sender, text: string) {
  const body = Buffer.from((sender.compose ?? json)(text, NOW))
  let signature: Buffer = Buffer.alloc(0)
  const made = sender.sign({
    body,
    secret: sender.secret,
    now: NOW,
    method: 'POST',
    url: PUBLIC_URL + TARGET,
    values: sender.values ?? {},
    seal: bytes => {
      signature = bytes
      return bytes
    },
  })
  return { ...made, body: made.body ?? body, signature }
}

/** The signature that is recorded is that of the last item, and the text stands in the first. */
const KNOWN: Readonly<Record<string, object>> = { adyen: { covers: true } }

/** How far its time may be off as of the day of recording: a change of it shows in the diff. */
function agedOf(name: string): object {
  const { timestamp, max_age: age }: Scheme = PRESETS[name]?.scheme ?? { alg: '', from: '' }
  const tolerance = timestamp?.tolerance ?? age
  return tolerance === undefined ? {} : { tolerance }
}

/** Every vector that can be recorded: one for each preset, and for words of the language that none uses. */
export function recordAll(): Recorded[] {
  const presets = Object.keys(SENDERS).sort()
  return [
    ...presets.map(name => ({
      ...record(name, SENDERS[name] as Sender, agedOf(name)),
      ...KNOWN[name],
    })),
    ...Object.entries(LANGUAGE).map(([name, { scheme, sender }]) =>
      record(`language: ${name}`, sender, { scheme }),
    ),
  ]
}

/** The published ones, in the same form. */
export function published(): Recorded[] {
  return VECTORS.map(({ preset, expect: _, name: __, ...rest }) => ({ name: preset, ...rest }))
}

/** The vectors of the file as it is. */
export function onRecord(): Recorded[] {
  const text = readFileSync(RECORDED, 'utf8')
  return [...text.matchAll(/^ {2}'(?<line>\{.*\})',$/gm)].map(({ groups }) =>
    JSON.parse((groups?.line ?? '').replace(/\\(?<char>['\\])/g, '$<char>')),
  )
}

/** Who signs with a key that is made anew for each run keeps the delivery that is on record. */
function kept(fresh: Recorded, old: readonly Recorded[]): Recorded {
  const known = old.find(one => one.name === fresh.name && one.source === fresh.source)
  const same = known !== undefined && JSON.stringify(known.scheme) === JSON.stringify(fresh.scheme)
  if (!byKey(fresh) || !same) return fresh
  const { values, target, headers, body, signature } = known
  return { ...fresh, values, target, headers, body, signature }
}

/** Whether a private key signs it. */
export function byKey({ values }: Recorded): boolean {
  return (
    typeof values === 'object' && values !== null && ('public_key' in values || 'jwks' in values)
  )
}

function fileOf(vectors: readonly Recorded[]): string {
  const lines = vectors.map(one => {
    const text = JSON.stringify(one).replace(/['\\]/g, '\\$&')
    return `  '${text}',`
  })
  return `/**
 * Deliveries signed once by the senders of \`test/signers\` with fixed secrets at a fixed time, and those that senders
 * publish. One JSON text each. \`npm run vectors\` writes this file.
 */
export const RECORDED: readonly string[] = [
${lines.join('\n')}
]
`
}

if (process.argv[1] === import.meta.filename) {
  const anew = process.argv.includes('--anew')
  const old = anew ? [] : onRecord()
  const all = [...published(), ...recordAll().map(one => kept(one, old))]
  writeFileSync(RECORDED, fileOf(all))
}
