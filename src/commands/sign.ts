import { randomUUID } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import type { ProviderSettings, Settings } from '../config/settings.ts'
import { Fault } from '../errors.ts'
import type { Request } from '../sign/draft.ts'
import { signRequest } from '../sign/sign.ts'
import type { Millis } from '../units.ts'
import { bytesAt, instantOf, processWorld, providerOf, soundMap, type World } from './asked.ts'
import { type Command, readWordAndArguments } from './command.ts'
import { curlCommand } from './curl.ts'
import { USUAL_MAP } from './map.ts'
import { type Answer, send } from './send.ts'
import { signerOf } from './signer.ts'
import { printable, type Terminal } from './terminal.ts'

export const command: Command = {
  help: `hookwarden sign PROVIDER --body FILE [--url URL] [--at TIME] [--send] …

Signs a delivery as the sender of a provider does, and prints it as a curl command; with --send, sends it and prints
the answer. What it prints passes as genuine: treat it like the secret.

  --body FILE        the body, byte for byte; without it the request has none
  --config FILE      the map (${USUAL_MAP})
  --url URL          what to call: an origin, then the path is the provider's first, or a whole URL
                     (public_url of the map, else its own listener)
  --at TIME          sign as if it were then, such as 2026-11-25T10:00:00Z (now)
  --method METHOD    the provider's first (POST)
  --header 'N: V'    a header beside those of the signature; may come again
  --key FILE         the private key (PEM) for senders that sign with one: one of yours, whose public half is in the map
  --previous         sign with the first previous secret instead of the current one
  --out FILE         write the body here where the signature stands in it
  --send             send it
  --ca FILE          trust the certificates of this PEM file, such as certs/localhost.pem
  --insecure         accept any certificate: for development alone
  --json             for machines
  --dev              as with \`run --dev\`: allow plain: secrets and no certificate

Example: hookwarden sign github --body event.json --url https://127.0.0.1:8443 --send --insecure
Exit codes: 0 printed, or answered with 2xx; 1 answered with anything else; 2 it cannot be done as asked.`,

  async main(args) {
    const { word, values } = readWordAndArguments(args, 'provider', {
      body: { type: 'string' },
      config: { type: 'string', default: USUAL_MAP },
      url: { type: 'string' },
      at: { type: 'string' },
      method: { type: 'string' },
      header: { type: 'string', multiple: true, default: [] },
      key: { type: 'string' },
      previous: { type: 'boolean', default: false },
      out: { type: 'string' },
      send: { type: 'boolean', default: false },
      ca: { type: 'string' },
      insecure: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
      dev: { type: 'boolean', default: false },
    })
    const options = { ...values, provider: word, at: instantOf(values.at) }
    return sign(options, processWorld(values.dev))
  },
}

/** What `sign` was asked. Files are named as the operator names them. */
export interface SignOptions {
  readonly provider: string
  readonly config: string
  readonly body?: string | undefined
  readonly url?: string | undefined
  readonly at?: Millis | undefined
  readonly method?: string | undefined
  readonly header: readonly string[]
  readonly key?: string | undefined
  readonly previous: boolean
  readonly out?: string | undefined
  readonly send: boolean
  readonly ca?: string | undefined
  readonly insecure: boolean
  readonly json: boolean
  readonly dev: boolean
}

/** Signs a request and prints or sends it; gives the exit code. */
export async function sign(options: SignOptions, world: World): Promise<number> {
  const { terminal } = world
  const settings = soundMap(options.config, options.dev, terminal)
  const provider = providerOf(settings, options.provider)
  const { origin, target } = whereTo(options.url, provider, settings)
  const draft = draftOf(options, provider, target)
  const moment = { now: options.at ?? world.now, fresh: randomUUID }
  const signed = signRequest(signerOf(provider, options, world), draft, moment)
  if ('problem' in signed) throw new Fault('unsigned', `${provider.name}: ${signed.problem}`)
  if (options.send) {
    const { insecure, ca } = options
    const reach = { origin, insecure, ca: ca === undefined ? undefined : bytesAt(ca) }
    return report(await send(signed, reach), options.json, terminal)
  }
  const file = fileOf(signed, draft, options)
  if (options.json) {
    const { method, headers } = signed
    const url = origin + signed.target
    terminal.out(
      JSON.stringify({ provider: provider.name, method, url, headers, body: file }, null, 2),
    )
  } else {
    const { insecure, ca } = options
    terminal.out(curlCommand(signed, { origin, file, insecure, ca }))
  }
  return 0
}

/** What to call, and the target that is signed. */
function whereTo(
  url: string | undefined,
  { routes, publicUrl, name, discovers }: ProviderSettings,
  { listen }: Settings,
): { origin: string; target: string } {
  const given = url ?? publicUrl ?? ownOrigin(listen)
  const parts = /^(?<origin>https?:\/\/[^/?#]+)(?<target>[/?][^#]*)?$/i.exec(given)?.groups
  if (parts?.origin === undefined || !URL.canParse(parts.origin)) {
    throw new Fault('usage', `--url: '${given}' is no URL with http:// or https://`)
  }
  const path = routes[0]?.path
  const named = url === undefined ? undefined : parts.target
  if (named !== undefined && named !== '/') return { origin: parts.origin, target: named }
  if (path === undefined) {
    const why = discovers === undefined ? 'has no path yet' : 'has the flows that are discovered'
    throw new Fault('usage', `${name} ${why}: name one with --url ORIGIN/webhooks/flows/ID`)
  }
  return { origin: parts.origin, target: path }
}

/** The listener itself, where the map does not say what senders call. */
function ownOrigin({ https, http }: Settings['listen']): string {
  const { host, port } = https ?? http ?? { host: '127.0.0.1', port: 0 }
  const reached = /^(?:0\.0\.0\.0|::)$/.test(host) ? '127.0.0.1' : host
  const named = reached.includes(':') ? `[${reached}]` : reached
  return `${https === undefined ? 'http' : 'https'}://${named}:${port}`
}

function draftOf(options: SignOptions, provider: ProviderSettings, target: string): Request {
  const { method = provider.methods[0] ?? 'POST' } = options
  const body = options.body === undefined ? new Uint8Array() : bytesAt(options.body)
  const given = options.header.map(readHeader)
  const typed = given.some(([name]) => name.toLowerCase() === 'content-type')
  const type: [string, string][] =
    typed || body.length === 0 ? [] : [['Content-Type', typeOf(body, provider.contentTypes)]]
  return { method, target, headers: [...type, ...given], body }
}

function readHeader(text: string): [string, string] {
  const { name, value } =
    /^(?<name>[!#$%&'*+.^_`|~\w-]+):[ \t]*(?<value>[^\r\n\0]*)$/.exec(text)?.groups ?? {}
  if (name === undefined || value === undefined) {
    throw new Fault('usage', `--header: expected 'Name: value', not '${text}'`)
  }
  return [name, Buffer.from(value.trimEnd()).toString('latin1')]
}

/** The type that the provider takes and the body looks like. */
function typeOf(body: Uint8Array, types: readonly string[]): string {
  const json = /^\s*[{[]/.test(Buffer.from(body.subarray(0, 64)).toString('latin1'))
  const form = 'application/x-www-form-urlencoded'
  const wanted = json ? /json/ : /form/
  return types.find(type => wanted.test(type)) ?? types[0] ?? (json ? 'application/json' : form)
}

/** The file that curl reads the body from: the operator's own, or a new one where the signature stands in the body. */
function fileOf(signed: Request, draft: Request, { body, out }: SignOptions): string | undefined {
  if (Buffer.compare(signed.body, draft.body) === 0) return body
  if (out === undefined) {
    const message =
      'the signature of this sender, or its time, stands in the body: say where to write that with --out FILE'
    throw new Fault('usage', message)
  }
  writeFileSync(out, signed.body)
  return out
}

function report({ status, message, raw, body }: Answer, json: boolean, terminal: Terminal): number {
  const accepted = status >= 200 && status < 300
  if (json) {
    terminal.out(JSON.stringify({ status, headers: raw, body: body.toString() }, null, 2))
  } else {
    terminal.out(terminal.paint(accepted ? 'green' : 'red', `${status} ${printable(message)}`))
    if (body.length > 0) terminal.out(printable(body.toString()))
  }
  return accepted ? 0 : 1
}
