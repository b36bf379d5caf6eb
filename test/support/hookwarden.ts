import { get } from 'node:http'
import { type Clock, systemClock } from '../../src/clock.ts'
import { findingsOf } from '../../src/commands/check-findings.ts'
import { disk, flawsOf, readMap } from '../../src/commands/map.ts'
import { type Loaded, loadMap } from '../../src/config/load.ts'
import type { Endpoint, Settings } from '../../src/config/settings.ts'
import type { FlowSource } from '../../src/discovery/source.ts'
import type { Get } from '../../src/errands/get.ts'
import { FilesRead } from '../../src/process/files-read.ts'
import type { MapSource } from '../../src/process/reloading.ts'
import { type Service, serve } from '../../src/process/serve.ts'
import { developmentCertificate } from './certificate.ts'
import { parseMetrics, type Series } from './metrics.ts'

/** How a Hookwarden under test differs from one in service. */
export interface HookwardenOptions {
  /** The map less `version`, `listen` and `upstream`, which the harness writes. */
  readonly map?: string
  /** Port of the upstream on loopback. */
  readonly upstream: number
  /** `upstream:` as the map has it, where a plain URL is not enough. */
  readonly upstreamMap?: string
  readonly clock?: Clock
  readonly env?: Readonly<Record<string, string>>
  /** Whether the event loop is too slow; never unless given. */
  readonly slow?: () => boolean
  /** Files that secrets are in, by their path; what a sender hands over is added. */
  readonly files?: Map<string, Uint8Array>
  /** How the hosts of senders are asked; nobody answers unless given. */
  readonly get?: Get
  /** Where flows are looked up; the map's database unless given. */
  readonly flows?: FlowSource
  /** A file with a whole map, in place of `map`: read again as `run` does. Its ports are free ones all the same. */
  readonly file?: string
  /** How files of secrets are read there, in place of the disk. */
  readonly readSecret?: (path: string) => Uint8Array
  /** Keys under `listen` beside the addresses, such as `proxy_protocol: true`; ports are free ones all the same. */
  readonly listen?: string
}

/** A Hookwarden in this process, on free ports of loopback. */
export interface Hookwarden {
  readonly port: number
  readonly plainPort: number | undefined
  readonly service: Service
  /** One object for each log line so far. */
  readonly lines: Record<string, unknown>[]
  /** Serves this map from now on, by the same rules as the first. Throws with every issue where it has any. */
  swap(map: string): void
  /** Every series that /metrics shows. */
  metrics(): Promise<Series>
  /** GET on the admin listener. */
  admin(path: string, headers?: Record<string, string>): Promise<{ status: number; body: string }>
  close(): Promise<void>
}

/** Starts one. Throws with every issue where the map has any. */
export async function startHookwarden(options: HookwardenOptions): Promise<Hookwarden> {
  const sources = { env: options.env ?? {}, ...sourceFiles(options), dev: true }
  const source = options.file === undefined ? undefined : sourceOf(options.file)
  const read = new FilesRead(disk)
  const settings =
    source === undefined ? settingsOf(options, options.map ?? '') : soundOf(source.read(read))
  const { cert, key } = await developmentCertificate()
  const lines: Record<string, unknown>[] = []
  const service = await serve({
    settings,
    sources,
    ...(source && { map: { source, read } }),
    made: [{ cert, key }],
    clock: options.clock ?? systemClock,
    version: 'test',
    slow: options.slow ?? (() => false),
    ...(options.flows && { flows: options.flows }),
    runtimeMetrics: false,
    get: options.get ?? (() => Promise.reject(new Error('no test reaches the network'))),
    put: (written, done) => {
      for (const line of Buffer.from(written).toString().split('\n')) {
        if (line !== '') lines.push(JSON.parse(line) as Record<string, unknown>)
      }
      done(undefined)
    },
  })
  const admin = (path: string, headers: Record<string, string> = {}) =>
    ask(service.adminPort, path, headers)
  return {
    port: service.port,
    plainPort: service.plainPort,
    service,
    lines,
    admin,
    swap: map => service.generations.swap(service.generations.compile(settingsOf(options, map))),
    metrics: async () => parseMetrics((await admin('/metrics')).body),
    close: () => service.close(),
  }
}

/** What a map says, on free ports. */
function settingsOf(options: HookwardenOptions, map: string): Settings {
  const upstream = options.upstreamMap ?? `http://127.0.0.1:${options.upstream}`
  const text = `version: 1
upstream: ${upstream}
listen: { https: 127.0.0.1:8443, admin: 127.0.0.1:9090${options.listen ? `, ${options.listen}` : ''} }
${map}`
  return soundOf(
    onFreePorts(loadMap(text, { file: 'test.yaml', dev: true, compileScheme: flawsOf })),
  )
}

/** The map of a file, as `run` reads it. */
function sourceOf(file: string): MapSource {
  return {
    file,
    files: disk,
    read: files => onFreePorts(readMap(file, true, files)),
    findings: (map, seen) => findingsOf(map, seen, systemClock.wall()),
  }
}

function soundOf({ settings, issues }: Loaded): Settings {
  if (settings === undefined) throw new Error(JSON.stringify(issues, undefined, 2))
  return settings
}

/** Ports that the map names are in use by other tests: any other says that it was changed. */
function onFreePorts(loaded: Loaded): Loaded {
  if (loaded.settings === undefined) return loaded
  const { listen } = loaded.settings
  const free = (at: Endpoint | undefined, usual: number) =>
    at && (at.port === usual ? { host: '127.0.0.1', port: 0 } : at)
  const lane = loaded.settings.console
  const settings = {
    ...loaded.settings,
    console: lane && { ...lane, at: { ...lane.at, port: 0 } },
    listen: {
      ...listen,
      https: free(listen.https, 8443),
      http: listen.http && { host: '127.0.0.1', port: 0 },
      admin: free(listen.admin, 9090) ?? listen.admin,
    },
  }
  return { ...loaded, settings }
}

/** Where secrets are read: on the disk, where the map is. */
function sourceFiles({ file, files, readSecret = disk.readFile }: HookwardenOptions) {
  return file === undefined ? diskOf(files) : { readFile: readSecret }
}

/** Files as a disk has them; without any, each is there and empty. */
function diskOf(files: Map<string, Uint8Array> | undefined) {
  if (files === undefined) return { readFile: () => new Uint8Array() }
  const fail = (code: string) => Object.assign(new Error(code), { code })
  return {
    readFile(path: string): Uint8Array {
      const found = files.get(path)
      if (found === undefined) throw fail('ENOENT')
      return found
    },
    writeNew(path: string, bytes: Uint8Array): void {
      if (files.has(path)) throw fail('EEXIST')
      if (path.startsWith('/read-only/')) throw fail('EROFS')
      files.set(path, bytes)
    },
  }
}

function ask(
  port: number,
  path: string,
  headers: Record<string, string>,
): Promise<{ status: number; body: string }> {
  return new Promise((resolve, reject) => {
    const request = get({ host: '127.0.0.1', port, path, headers, agent: false }, answer => {
      let body = ''
      answer.setEncoding('utf8').on('data', (text: string) => {
        body += text
      })
      answer.on('end', () => resolve({ status: answer.statusCode ?? 0, body }))
    })
    request.on('error', reject)
  })
}
