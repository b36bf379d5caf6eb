import { randomUUID } from 'node:crypto'
import { globSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import type { ProviderSettings, Settings } from '../config/settings.ts'
import { Fault } from '../errors.ts'
import type { Capture } from '../explain/capture.ts'
import { subjectOf } from '../explain/subject.ts'
import type { Request } from '../sign/draft.ts'
import { shed } from '../sign/shed.ts'
import { type Signer, signRequest } from '../sign/sign.ts'
import { bytesAt, captureAt, providerOf, type World } from './asked.ts'
import { type Answer, send, type Target } from './send.ts'
import { signerOf } from './signer.ts'

/** One delivery of a folder: what is sent, and for whom it is signed. */
export interface Rehearsed {
  /** Its file without folder and ending. */
  readonly name: string
  readonly provider: ProviderSettings
  readonly request: Request
}

/** What is sent anew by whoever sends it. */
const OF_THE_CONNECTION =
  /^(?:host|content-length|transfer-encoding|connection|keep-alive|expect|te|trailer|upgrade)$/i
/** What says who one is, or which way one came. */
const OF_THE_SENDER =
  /^(?:authorization|cookie|forwarded|x-real-ip|x-forwarded-.*|x-hookwarden-.*|cf-.*)$/i

/** Every delivery of a folder by name. Throws a fault for a folder without any: nothing rehearsed is no pass. */
export function readFolder(folder: string, settings: Settings): Rehearsed[] {
  const files = globSync('*.http', { cwd: folder }).sort()
  if (files.length === 0)
    throw new Fault('usage', `${folder} holds no delivery (*.http): make one with --record`)
  return files.map(file => readDelivery(join(folder, file), settings))
}

function readDelivery(file: string, settings: Settings): Rehearsed {
  const capture = captureAt(file)
  const [comments = ''] = /^(?:(?:#.*)?\r?\n)*/.exec(Buffer.from(bytesAt(file)).toString()) ?? []
  const remark = (word: string) => new RegExp(`^# *${word}: *(.*?) *\r?$`, 'm').exec(comments)?.[1]
  const provider = providerFor(capture, remark('provider'), settings)
  const stale = remark('fresh')
  const request = requestOf(capture)
  const name = basename(file, '.http')
  return { name, provider, request: stale === undefined ? request : refreshed(request, stale) }
}

/** The provider that is named, else the one that serves the path: the path chooses, as in service. */
export function providerFor(
  { head }: Capture,
  named: string | undefined,
  settings: Settings,
): ProviderSettings {
  if (named !== undefined && named !== '') return providerOf(settings, named)
  const found = settings.providers.find(({ routes }) =>
    routes.some(({ path }) => path === head.path),
  )
  if (found !== undefined) return found
  throw new Fault('usage', `${head.path} is no path of the map: name its provider`)
}

function requestOf({ head, body }: Capture): Request {
  const headers = head.raw.flatMap((name, i): [string, string][] =>
    i % 2 === 0 && !OF_THE_CONNECTION.test(name) ? [[name, head.raw[i + 1] ?? '']] : [],
  )
  return { method: head.method, target: head.target, headers, body }
}

/** With a value that never came before in place of `stale`: a delivery that repeats itself is not run again. */
function refreshed(request: Request, stale: string): Request {
  const fresh = randomUUID()
  const through = (text: string) => text.replaceAll(stale, fresh)
  return {
    ...request,
    headers: request.headers.map(([name, value]) => [name, through(value)]),
    body: Buffer.from(through(Buffer.from(request.body).toString('latin1')), 'latin1'),
  }
}

/** Signs a delivery for this moment and sends it. Throws a fault where it cannot be signed or nobody answers. */
export async function sendNow(
  { provider, request }: Rehearsed,
  key: string | undefined,
  target: Target,
  world: World,
): Promise<Answer> {
  if ('none' in provider.scheme) return send(request, target)
  const signer = signerOf(provider, { key, previous: false }, world)
  const moment = { now: world.now, fresh: randomUUID }
  const signed = signRequest(signer, shed(signer.compiled, request), moment)
  if ('problem' in signed) throw new Fault('unsigned', `${provider.name}: ${signed.problem}`)
  return send(signed, target)
}

/** The delivery that a capture becomes: nothing in it proves anything or tells who sent it. */
export function fromCapture(
  capture: Capture,
  name: string,
  provider: ProviderSettings,
  by?: Signer,
): Rehearsed {
  const whole = requestOf(capture)
  if (by?.compiled.from.some(({ source }) => source === 'body') === true) {
    const message = `the bodies of ${provider.name} are their own signature: write ${name}.http by hand, with what is in it`
    throw new Fault('unsigned', message)
  }
  const bare = by === undefined ? whole : shed(by.compiled, whole)
  const headers = bare.headers.filter(([one]) => !OF_THE_SENDER.test(one))
  return { name, provider, request: { ...bare, headers } }
}

/** Writes a delivery and its answer. Throws a fault where there is one already, or a secret would stand in the files. */
export function writeDelivery(
  folder: string,
  { name, provider, request }: Rehearsed,
  answer: Uint8Array,
  world: World,
): void {
  const { method, target, headers, body } = request
  const lines = [
    `# provider: ${provider.name}`,
    `${method} ${target} HTTP/1.1`,
    ...headers.map(([one, value]) => `${one}: ${value}`),
    `Content-Length: ${body.length}`,
    '',
    '',
  ]
  const delivery = Buffer.concat([Buffer.from(lines.join('\n'), 'latin1'), body])
  for (const { name: reference, secret, shared } of subjectOf(provider, world.sources)?.keys ??
    []) {
    if (shared && [delivery, answer].some(one => Buffer.from(one).includes(secret.bytes)))
      throw new Fault('secret', `${name}: ${reference} stands in it in clear: nothing was written`)
  }
  writeNew(join(folder, `${name}.http`), delivery)
  writeNew(join(folder, `${name}.answer`), answer)
}

function writeNew(file: string, bytes: Uint8Array): void {
  try {
    writeFileSync(file, bytes, { flag: 'wx' })
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : ''
    const why =
      code === 'EEXIST' ? 'is there already: remove it first' : `cannot be written (${code})`
    throw new Fault('unwritable', `${file} ${why}`, { cause: error })
  }
}
