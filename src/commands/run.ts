import { flushCompileCache } from 'node:module'
import { systemClock } from '../clock.ts'
import type { Settings } from '../config/settings.ts'
import type { Certificate } from '../listen/certificates.ts'
import { tuneCollector, tuneCompiler } from '../process/engine.ts'
import { FilesRead } from '../process/files-read.ts'
import { preflight } from '../process/preflight.ts'
import type { MapSource } from '../process/reloading.ts'
import { type ServeOptions, type Service, serve } from '../process/serve.ts'
import { live } from '../process/signals.ts'
import { Thrift } from '../process/thrift.ts'
import { machineSources, type SecretSources } from '../secrets/resolve.ts'
import { findingsOf } from './check-findings.ts'
import { type Command, readArguments } from './command.ts'
import { disk, readMap, USUAL_MAP } from './map.ts'
import { paintIssue, processTerminal } from './terminal.ts'
import { ownVersion } from './version.ts'

export const command: Command = {
  help: `hookwarden run [--config FILE] [--dev]

Serves: admits, verifies and forwards deliveries until SIGTERM, then finishes what is in flight.
Reads the map again on SIGHUP, and when it, a secret or a certificate changes.

  --config FILE  the map (${USUAL_MAP})
  --dev          make a self-signed certificate where the map names none, and allow plain: secrets

Example: hookwarden run --config hookwarden.yaml
Exit codes: 0 drained, 1 the map has issues or something had to be cut, 2 it cannot start, 70 a bug.`,

  async main(args) {
    const { config, dev } = readArguments(args, {
      config: { type: 'string', default: USUAL_MAP },
      dev: { type: 'boolean', default: false },
    })
    const sources = machineSources(dev)
    const { execArgv } = process
    preflight({ execArgv, nodeOptions: sources.env.NODE_OPTIONS, wall: systemClock.wall() })
    const source: MapSource = {
      file: config,
      files: disk,
      read: files => readMap(config, dev, files),
      findings: (map, seen) => findingsOf(map, seen, systemClock.wall()),
    }
    const read = new FilesRead(disk)
    const { settings, issues } = source.read(read)
    if (settings === undefined) {
      for (const issue of issues) console.error(paintIssue(issue, processTerminal))
      return 1
    }
    tuneCollector()
    tuneCompiler()
    return live({
      clock: systemClock,
      start: async () => begin(settings, sources, { source, read }),
      tell: text => console.error(text),
    })
  },
}

/** Serves, and says so. */
async function begin(
  settings: Settings,
  sources: SecretSources,
  map: ServeOptions['map'],
): Promise<Service> {
  const service = await serve({
    settings,
    sources,
    made: await madeFor(settings, sources.dev),
    ...(map && { map }),
    thrift: new Thrift(systemClock),
    clock: systemClock,
    version: ownVersion(),
  })
  const { port, plainPort, adminPort, consolePort } = service
  service.log.info('ready', {
    https: settings.listen.https && port,
    http: plainPort,
    admin: adminPort,
    console: consolePort,
    providers: settings.providers.length,
  })
  flushCompileCache() // at once: a process that is killed would not
  return service
}

/** A certificate for this process alone, where the map names none; with `--dev` a later map may. */
async function madeFor(
  { listen, console: lane }: Settings,
  dev: boolean,
): Promise<readonly Certificate[]> {
  const named = listen.tls.length > 0 && !dev
  if ((listen.https === undefined && lane === undefined) || named) return []
  const { generate } = (await import('selfsigned')).default // a bundle has its names there alone
  const made = await generate([{ name: 'commonName', value: 'localhost' }], {
    keyType: 'ec',
    curve: 'P-256',
    algorithm: 'sha256',
  })
  return [{ cert: made.cert, key: made.private }]
}
