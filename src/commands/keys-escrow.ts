import { Fault } from '../errors.ts'
import { compareEscrow, makeEscrow, openEscrow } from '../keys/escrow.ts'
import { KEY_NAMES, type KeyBytes } from '../keys/names.ts'
import { readReference } from '../secrets/resolve.ts'
import { publicTextOf, readPrivateHalves } from '../secrets/sealing-key.ts'
import { bytesAt, processWorld, type World } from './asked.ts'
import { readArguments } from './command.ts'
import { bytesOfKeys, everyKey, findKeys, KEY_OPTIONS, type KeyPlaces } from './keys-asked.ts'
import { writeKeyFiles } from './keys-generate.ts'
import { writePrivateFile } from './private-file.ts'
import { publicHalfOf } from './seal.ts'

/** What `keys escrow` was asked. */
export interface EscrowOptions extends KeyPlaces {
  readonly to?: string | undefined
  readonly open?: string | undefined
  readonly compare?: string | undefined
  /** A reference to a private half. */
  readonly key?: string | undefined
  readonly out?: string | undefined
  readonly print: boolean
  readonly json: boolean
}

export async function main(args: readonly string[]): Promise<number> {
  const options = readArguments(args, {
    ...KEY_OPTIONS,
    to: { type: 'string' },
    open: { type: 'string' },
    compare: { type: 'string' },
    key: { type: 'string' },
    out: { type: 'string' },
    print: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
  })
  return escrow(options, processWorld(false))
}

/** Closes keys into a file, opens one, or compares one with the keys at hand; gives the exit code. */
export async function escrow(options: EscrowOptions, world: World): Promise<number> {
  const { to, open, compare } = options
  const asked = [to, open, compare].filter(one => one !== undefined)
  if (asked.length !== 1) {
    throw new Fault('usage', 'one of --to PUBLIC, --open FILE and --compare FILE; see --help')
  }
  if (to !== undefined) return close(to, options, world)
  return open === undefined ? contrast(compare ?? '', options, world) : reopen(open, options, world)
}

async function close(to: string, options: EscrowOptions, world: World): Promise<number> {
  const { out } = options
  const { terminal, sources, now } = world
  if (out === undefined) throw new Fault('usage', 'where should the escrow go? --out FILE')
  const publicKey = publicHalfOf(to, world)
  const keys = everyKey(findKeys(options, sources))
  const text = publicTextOf(publicKey)
  writePrivateFile(out, await makeEscrow(keys, { text, publicKey }, new Date(now).toISOString()))
  if (options.json) terminal.out(JSON.stringify({ file: out, to: text }, null, 2))
  else {
    terminal.out(out)
    terminal.err(`
The three keys, closed to ${text}.
Copy it beside each dump of the database: a dump without its keys opens no connection again.
Try it once, where the private half is: hookwarden keys escrow --open ${out} --key file:PATH --out DIR`)
  }
  return 0
}

function reopen(file: string, options: EscrowOptions, { terminal, sources }: World): number {
  const { key, out, print } = options
  if (key === undefined) throw new Fault('usage', 'with which private half? --key file:PATH')
  if ((out === undefined) !== print) {
    throw new Fault('usage', 'where should the keys go? --out DIR, or --print to see them here')
  }
  const opened = openEscrow(textAt(file), privateHalves(key, sources))
  if (typeof opened === 'string') {
    terminal.err(`${terminal.paint('red', 'not opened')}: ${file} ${opened}`)
    return 1
  }
  if (out !== undefined) writeKeyFiles(out, opened.keys)
  if (print) terminal.out(lines(opened.keys))
  const { made, tampered } = opened
  const names = Object.keys(opened.keys).join(', ')
  terminal.err(`${names}: as of ${made}${out === undefined ? '' : `, in ${out}`}`)
  if (tampered.length === 0) return 0
  terminal.err(
    `${terminal.paint('red', 'changed outside')}: ${tampered.join(', ')}. The keys are those that were sealed; what stands beside them in clear is not what was written`,
  )
  return 1
}

async function contrast(file: string, options: EscrowOptions, world: World): Promise<number> {
  const { terminal, sources } = world
  const states = await compareEscrow(textAt(file), bytesOfKeys(findKeys(options, sources)))
  if (states === undefined) throw new Fault('escrow', `${file} is no escrow of this version`)
  const fine = states.size > 0 && [...states.values()].every(state => state === 'same')
  if (options.json) {
    terminal.out(JSON.stringify({ file, keys: Object.fromEntries(states) }, null, 2))
    return fine ? 0 : 1
  }
  for (const [key, state] of states) {
    const text = terminal.paint(state === 'same' ? 'green' : 'red', SAYS[state])
    terminal.out(`${key.padEnd(18)}  ${text}`)
  }
  return fine ? 0 : 1
}

const SAYS = {
  same: 'the same as in the escrow',
  changed: 'ANOTHER than in the escrow: make a new one',
  unseen: 'in the escrow, but not at hand here; see --env-file',
} as const

function privateHalves(ref: string, sources: World['sources']) {
  const found = readReference(ref, sources)
  if ('problem' in found) throw new Fault('usage', `--key: ${found.problem}`)
  const halves = readPrivateHalves(Buffer.from(found.bytes).toString())
  if (typeof halves === 'string') throw new Fault('usage', `--key: ${ref} holds ${halves}`)
  return halves
}

function lines(keys: KeyBytes): string {
  return KEY_NAMES.flatMap(key => {
    const bytes = keys[key]
    return bytes === undefined ? [] : [`${key}=${Buffer.from(bytes).toString()}`]
  }).join('\n')
}

function textAt(file: string): string {
  return Buffer.from(bytesAt(file)).toString()
}
