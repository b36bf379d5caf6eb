import { existsSync, writeFileSync } from 'node:fs'
import { loadMap } from '../config/load.ts'
import { webhookFlows } from '../discovery/source.ts'
import { Fault } from '../errors.ts'
import { PRESETS } from '../presets/presets.ts'
import { machineSources } from '../secrets/resolve.ts'
import { nearest } from '../spelling.ts'
import { type Command, readArguments } from './command.ts'
import { databaseUrl } from './database-asked.ts'
import { entriesFor } from './discover-entries.ts'
import { type FirstMap, type Sender, secretNameOf, writeMap } from './first-map.ts'
import { askMap } from './init-questions.ts'
import { flawsOf, USUAL_MAP } from './map.ts'
import { paintIssue, processTerminal, type Terminal } from './terminal.ts'

const USUAL_UPSTREAM = 'http://127.0.0.1:3000'

export const command: Command = {
  help: `hookwarden init [--sender NAME=FLOW]… [--upstream URL] [--cert FILE --key FILE] [--config FILE] …

Writes a first map, with comments, that \`hookwarden check\` finds no issue in; only what was asked for is in it. On a terminal
it asks for what no option says; elsewhere every answer is an option.

  --sender NAME=FLOW    a sender by the name of its preset, and the id of its flow; may come again
  --upstream URL        where Automatisch listens (${USUAL_UPSTREAM})
  --cert FILE           certificate and chain, PEM; without one the map is for \`run --dev\`
  --key FILE            its private key, PEM
  --database REFERENCE  env:NAME, file:PATH or URL of Automatisch's database: an entry for each webhook flow there
  --config FILE         what to write (${USUAL_MAP})
  --force               write over a file that is there
  --json                print what was written, for machines

Example: hookwarden init --sender github=0b6f0c1e-6b1f-4c57-9a53-4b0c7e1a2d11
Exit codes: 0 written, 1 what was asked for makes no sound map, 2 it cannot be done as asked.`,

  async main(args) {
    const options = readArguments(args, {
      sender: { type: 'string', multiple: true, default: [] },
      upstream: { type: 'string' },
      cert: { type: 'string' },
      key: { type: 'string' },
      database: { type: 'string' },
      config: { type: 'string', default: USUAL_MAP },
      force: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
    })
    if (existsSync(options.config) && !options.force)
      throw new Fault('exists', `${options.config} is there already: --force writes over it`)
    if ((options.cert === undefined) !== (options.key === undefined))
      throw new Fault('usage', '--cert and --key belong together')
    const { cert, key, database } = options
    const given: FirstMap = {
      upstream: options.upstream ?? USUAL_UPSTREAM,
      tls: cert === undefined || key === undefined ? undefined : { cert, key },
      senders: options.sender.map(senderOf),
      entries:
        database === undefined
          ? ''
          : entriesFor(await webhookFlows(databaseUrl(database, machineSources(false))), {
              taken: new Set(options.sender.map(one => one.split('=')[0] ?? '')),
              discovery: false,
              publicUrl: false,
            }),
    }
    const asks = given.senders.length === 0 && given.entries === '' && process.stdin.isTTY === true
    const map = asks ? await askMap(given) : given
    return write(map, options, processTerminal)
  },
}

/** Reads `NAME=FLOW`. Throws a fault for a sender that nobody knows. */
export function senderOf(text: string): Sender {
  const [name = '', flow = ''] = text.split('=')
  if (flow === '') throw new Fault('usage', `--sender: write NAME=FLOW, not '${text}'`)
  if (!Object.hasOwn(PRESETS, name)) {
    const near = nearest(name, Object.keys(PRESETS))
    const hint = near === undefined ? 'docs/providers/ has all' : `did you mean '${near}'?`
    throw new Fault('usage', `--sender: no sender is known as '${name}': ${hint}`)
  }
  return { name, flow, secret: `env:${secretNameOf(name)}` }
}

/** Writes the map where it is sound, and says what is next; gives the exit code. */
export function write(
  map: FirstMap,
  { config, json }: { readonly config: string; readonly json: boolean },
  terminal: Terminal,
): number {
  const text = writeMap(map)
  const dev = map.tls === undefined
  const { issues, settings } = loadMap(text, { file: config, dev, compileScheme: flawsOf })
  if (settings === undefined) {
    if (json) terminal.out(JSON.stringify({ file: config, issues }, null, 2))
    else for (const issue of issues) terminal.err(`${paintIssue(issue, terminal)}\n`)
    terminal.err(`nothing was written: what the sender needs beside a secret is in docs/providers/`)
    return 1
  }
  writeFileSync(config, text)
  const secrets = settings.providers.flatMap(one => one.secrets.map(({ ref }) => ref))
  const variables = [...new Set(secrets)].flatMap(ref =>
    ref.startsWith('env:') ? [ref.slice('env:'.length)] : [],
  )
  if (json) {
    terminal.out(JSON.stringify({ file: config, issues: [], variables }, null, 2))
    return 0
  }
  terminal.out(terminal.paint('green', `${config} is written`))
  if (variables.length > 0) terminal.out(`set ${variables.join(', ')} to what the senders have`)
  const flag = dev ? ' --dev' : ''
  const file = config === USUAL_MAP ? '' : ` --config ${config}`
  terminal.out(`then: hookwarden check${flag}${file} && hookwarden run${flag}${file}`)
  return 0
}
