import { checkDiscovery } from './check-discovery.ts'
import { checkProcess } from './check-process.ts'
import { checkRoutes } from './check-routes.ts'
import { type CompileScheme, checkSenders } from './check-senders.ts'
import { complete } from './complete.ts'
import { readDocument } from './document.ts'
import type { MapFiles } from './files.ts'
import type { Issue, Path } from './issues.ts'
import type { Report } from './report.ts'
import { salvage } from './salvage.ts'
import { mapSchema } from './schema.ts'
import { withSenders } from './senders-folder.ts'
import type { Settings } from './settings.ts'
import { MapText } from './text.ts'

/** How a map is read. */
export interface LoadOptions {
  /** Name of the file, as issues give it. */
  readonly file: string
  /** Allows `plain:` secrets and the absence of certificates. */
  readonly dev: boolean
  /** Where the files of `providers_dir` are read; without it they are not. */
  readonly files?: MapFiles
  /** Finds what is wrong with a scheme; without it, schemes are checked for their shape alone. */
  readonly compileScheme?: CompileScheme | undefined
}

/** A map without fault, or everything that is wrong with it. */
export type Loaded = Sound | { readonly issues: readonly Issue[]; readonly settings?: undefined }

/** A map without fault, and where to say of it what only others can find. */
export interface Sound {
  readonly settings: Settings
  readonly issues?: undefined
  /** The issue to report where the secret at `index` of a provider turns out to be unusable. */
  readonly secretIssue: (provider: string, index: number, message: string, fix: string) => Issue
  /** The same of its public key. */
  readonly publicKeyIssue: (provider: string, message: string, fix: string) => Issue
  /** The same of its `verify_token`. */
  readonly tokenIssue: (provider: string, message: string, fix: string) => Issue
  /** The same of what the shared store asks for. */
  readonly storeIssue: (key: 'user' | 'password' | 'ca', message: string, fix: string) => Issue
  /** The same of the URL of the database where flows are discovered. */
  readonly databaseIssue: (message: string, fix: string) => Issue
  /** The same of the file of a certificate at `index`, or of its key. */
  readonly tlsIssue: (index: number, key: 'cert' | 'key', message: string, fix: string) => Issue
  /** The same of the authorities of its `client_certificate`. */
  readonly authorityIssue: (provider: string, message: string, fix: string) => Issue
  /** The same of any value, or of the nearest key above where there is no such value. */
  readonly issueAt: (path: Path, message: string, fix: string) => Issue
}

/** Reads a provider map. Reports every issue at once, in the order of the file; never throws, whatever the text. */
export function loadMap(text: string, options: LoadOptions): Loaded {
  const reading = readDocument(text)
  const { value, report } = withSenders(new MapText(options.file, text, reading), options.files)
  if (reading.flaws.some(({ fatal }) => fatal)) return { issues: report.issues() }
  if (reading.value === undefined || reading.value === null) {
    const message = 'the map is empty'
    report.at([], { message, fix: 'start from config/hookwarden.example.yaml' })
    return { issues: report.issues() }
  }
  const map = salvage(mapSchema, value, [], report)
  if (map !== undefined) {
    checkProcess(map, options.dev, report)
    checkDiscovery(map, options.dev, report)
    if (map.providers !== undefined) checkProviders(map.providers, report)
    checkSenders(map, { dev: options.dev, compileScheme: options.compileScheme }, report)
  }
  const issues = report.issues()
  if (issues.length > 0) return { issues }
  return {
    settings: complete(mapSchema.parse(value)),
    secretIssue: (provider, index, message, fix) => {
      const at = ['providers', provider]
      const alone = report.has([...at, 'secret'])
      return report.issueAt(alone ? [...at, 'secret'] : [...at, 'secrets', index], { message, fix })
    },
    publicKeyIssue: (provider, message, fix) => {
      const at = ['providers', provider]
      const key = report.has([...at, 'jwks']) ? 'jwks' : 'public_key'
      return report.issueAt([...at, key], { message, fix })
    },
    tlsIssue: (index, key, message, fix) =>
      report.issueAt(['listen', 'tls', index, key], { message, fix }),
    authorityIssue: (provider, message, fix) =>
      report.issueAt(['providers', provider, 'client_certificate', 'ca'], { message, fix }),
    tokenIssue: (provider, message, fix) =>
      report.issueAt(['providers', provider, 'verify_token'], { message, fix }),
    databaseIssue: (message, fix) => report.issueAt(['discovery', 'database'], { message, fix }),
    issueAt: (path, message, fix) => report.issueAt(path, { message, fix }),
    storeIssue: (key, message, fix) => report.issueAt(['store', key], { message, fix }),
  }
}

function checkProviders(providers: Parameters<typeof checkRoutes>[0], report: Report): void {
  checkRoutes(providers, report)
  if (report.keysOf(['providers']).length > 0) return
  report.at(['providers'], { message: 'expected at least one provider', ofKey: true })
}
