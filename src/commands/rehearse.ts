import { mkdirSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { systemClock } from '../clock.ts'
import type { Settings } from '../config/settings.ts'
import { Fault } from '../errors.ts'
import { bytesAt, captureAt, processWorld, soundMap, type World } from './asked.ts'
import { type Command, readWordAndArguments } from './command.ts'
import { USUAL_MAP } from './map.ts'
import { differences, readAnswer, writeAnswer } from './recorded-answer.ts'
import {
  fromCapture,
  providerFor,
  type Rehearsed,
  readFolder,
  sendNow,
  writeDelivery,
} from './rehearsal.ts'
import type { Answer, Target } from './send.ts'
import { signerOf } from './signer.ts'

export const command: Command = {
  help: `hookwarden rehearse DIR --to URL [--record CAPTURE] [--again] …

Sends the deliveries of a folder to a staged instance, signed now with the map's secrets, and compares what is answered with
what was recorded. The flows that they start run: never name an instance that works for real.

  --to URL                the staged Hookwarden, such as https://127.0.0.1:9443
  --config FILE           the map, with its secrets (${USUAL_MAP})
  --record FILE           add this capture (docs/capture.md) to the folder, without its signature, with the answer that
                          URL gives now; may come again
  --provider NAME         whose it is; else that of its path
  --again                 record all answers of the folder anew
  --key PROVIDER=FILE     the private key (PEM) for a sender that signs with one; may come again
  --ca FILE, --insecure   as with \`sign\`
  --json                  for machines
  --dev                   as with \`run --dev\`: allow plain: secrets and no certificate

Example: hookwarden rehearse deliveries --to https://127.0.0.1:9443 --ca staging.pem
Exit codes: 0 all as recorded, 1 something differs or has no answer, 2 it cannot be done as asked.`,

  async main(args) {
    const { word, values } = readWordAndArguments(args, 'folder', {
      to: { type: 'string' },
      config: { type: 'string', default: USUAL_MAP },
      record: { type: 'string', multiple: true, default: [] },
      provider: { type: 'string' },
      again: { type: 'boolean', default: false },
      key: { type: 'string', multiple: true, default: [] },
      ca: { type: 'string' },
      insecure: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
      dev: { type: 'boolean', default: false },
    })
    return rehearse({ ...values, folder: word }, processWorld(values.dev))
  },
}

/** What `rehearse` was asked. */
export interface RehearseOptions {
  readonly folder: string
  readonly to?: string | undefined
  readonly config: string
  readonly record: readonly string[]
  readonly provider?: string | undefined
  readonly again: boolean
  /** `PROVIDER=FILE` each. */
  readonly key: readonly string[]
  readonly ca?: string | undefined
  readonly insecure: boolean
  readonly json: boolean
  readonly dev: boolean
}

/** One row: what was recorded, what came now, and how they differ. */
interface Row {
  readonly delivery: string
  readonly provider: string
  readonly expected: number | undefined
  readonly answered: number | undefined
  readonly differences: readonly string[]
}

/** Rehearses a folder, or records one; gives the exit code. */
export async function rehearse(options: RehearseOptions, world: World): Promise<number> {
  const settings = soundMap(options.config, options.dev, world.terminal)
  const target = targetOf(options)
  const keys = new Map(options.key.map(readKey))
  const rows: Row[] = []
  const began = systemClock.now()
  /** The time of each delivery: a folder may take longer than a signature lives. */
  const moment = () => ({ ...world, now: world.now + systemClock.now() - began })
  if (options.record.length > 0) {
    mkdirSync(options.folder, { recursive: true })
    for (const file of options.record) rows.push(await record(file, options, settings, moment()))
  } else {
    for (const one of readFolder(options.folder, settings)) {
      const sent = sendNow(one, keys.get(one.provider.name), target, moment())
      rows.push(await row(one, options, sent))
    }
  }
  show(rows, options, world)
  return rows.every(one => one.differences.length === 0) ? 0 : 1

  async function record(file: string, { provider }: RehearseOptions, map: Settings, at: World) {
    const capture = captureAt(file)
    const owner = providerFor(capture, provider, map)
    const key = keys.get(owner.name)
    const signer =
      'none' in owner.scheme ? undefined : signerOf(owner, { key, previous: false }, at)
    const one = fromCapture(capture, basename(file, '.http'), owner, signer)
    const answer = await sendNow(one, key, target, at)
    refuseRepeat(one.name, answer)
    writeDelivery(options.folder, one, writeAnswer(answer), at)
    return rowOf(one, answer.status, answer.status, [])
  }
}

function targetOf({ to, ca, insecure }: RehearseOptions): Target {
  if (to === undefined) throw new Fault('usage', 'to which instance? `--to URL`. See --help')
  if (!/^https?:\/\/[^/?#]+\/?$/i.test(to) || !URL.canParse(to))
    throw new Fault('usage', `--to: '${to}' is no origin such as https://127.0.0.1:9443`)
  const origin = to.replace(/\/$/, '')
  return { origin, insecure, ca: ca === undefined ? undefined : bytesAt(ca) }
}

function readKey(text: string): [string, string] {
  const at = text.indexOf('=')
  if (at < 1) throw new Fault('usage', `--key: expected PROVIDER=FILE, not '${text}'`)
  return [text.slice(0, at), text.slice(at + 1)]
}

/** Compares one answer with the recorded one, or records it. A delivery that could not be sent is a row like others. */
async function row(
  one: Rehearsed,
  { folder, again }: RehearseOptions,
  sent: Promise<Answer>,
): Promise<Row> {
  const file = join(folder, `${one.name}.answer`)
  let answer: Answer
  try {
    answer = await sent
  } catch (error) {
    if (error instanceof Fault) return rowOf(one, expectedIn(file), undefined, [error.message])
    throw error
  }
  if (again) {
    refuseRepeat(one.name, answer)
    writeFileSync(file, writeAnswer(answer))
    return rowOf(one, answer.status, answer.status, [])
  }
  const recorded = answerAt(file)
  if (typeof recorded === 'string') return rowOf(one, undefined, answer.status, [recorded])
  const repeat = isRepeat(answer) ? [REPEAT] : differences(recorded, answer)
  return rowOf(one, recorded.status, answer.status, repeat)
}

function rowOf(
  { name: delivery, provider }: Rehearsed,
  expected: number | undefined,
  answered: number | undefined,
  found: readonly string[],
): Row {
  return { delivery, provider: provider.name, expected, answered, differences: found }
}

function answerAt(file: string) {
  try {
    const read = readAnswer(bytesAt(file))
    return typeof read === 'string' ? `${file}: ${read}` : read
  } catch (error) {
    if (error instanceof Fault) return `no recorded answer: ${error.message}`
    throw error
  }
}

function expectedIn(file: string): number | undefined {
  const recorded = answerAt(file)
  return typeof recorded === 'string' ? undefined : recorded.status
}

const REPEAT =
  'taken for a repeat and not run: it was sent inside the replay window. `# fresh: TEXT` gives it an id of its own each time'

/** Whether Hookwarden answered for itself that it had this delivery before. */
function isRepeat({ status, body }: Answer): boolean {
  return status === 200 && body.toString('latin1', 0, 21) === '{"status":"duplicate"'
}

function refuseRepeat(name: string, answer: Answer): void {
  if (isRepeat(answer)) throw new Fault('repeat', `${name} was ${REPEAT}`)
}

function show(rows: readonly Row[], options: RehearseOptions, { terminal }: World): void {
  const differ = rows.filter(one => one.differences.length > 0).length
  if (options.json) {
    const { to } = options
    terminal.out(
      JSON.stringify({ to, deliveries: rows, same: rows.length - differ, differ }, null, 2),
    )
    return
  }
  const width = (words: readonly string[]) => Math.max(...words.map(({ length }) => length))
  const names = width(['delivery', ...rows.map(({ delivery }) => delivery)])
  const owners = width(['provider', ...rows.map(({ provider }) => provider)])
  const cells = (a: string, b: string, c: string, d: string) =>
    `${a.padEnd(names)}  ${b.padEnd(owners)}  ${c.padEnd(8)}  ${d.padEnd(8)}`
  terminal.out(
    terminal.paint('bold', `${cells('delivery', 'provider', 'expected', 'answered')}  differs`),
  )
  for (const { delivery, provider, expected, answered, differences: found } of rows) {
    const [first = '-', ...more] = found
    const line = cells(delivery, provider, String(expected ?? '-'), String(answered ?? '-'))
    terminal.out(`${line}  ${found.length === 0 ? first : terminal.paint('red', first)}`)
    for (const one of more) terminal.out(`${cells('', '', '', '')}  ${terminal.paint('red', one)}`)
  }
  const recorded = options.record.length > 0 || options.again
  const verdict = recorded
    ? `${rows.length - differ} recorded in ${options.folder}${differ === 0 ? '' : `, ${differ} not`}`
    : `${rows.length} deliveries, ${rows.length - differ} as recorded, ${differ} not`
  terminal.out(terminal.paint(differ === 0 ? 'green' : 'red', verdict))
}
