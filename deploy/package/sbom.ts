import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/**
 * Prints the bill of materials of an installation: CycloneDX, by `npm sbom`. That is asked about a manifest and a lock
 * file without what is for development: its own `--omit=dev` loses a package that something for development needs too.
 * The same lock file gives the same bytes: its number is a hash of the rest, and no time stands in it.
 */
const ROOT = join(import.meta.dirname, '..', '..')

interface Lock {
  readonly packages: Readonly<
    Record<string, { readonly dev?: boolean; readonly devDependencies?: object }>
  >
}

const scratch = mkdtempSync(join(tmpdir(), 'hookwarden-sbom-'))
process.once('exit', () => rmSync(scratch, { recursive: true, force: true }))
const manifest = read<{ readonly name: string; readonly devDependencies?: object }>('package.json')
const folder = join(scratch, manifest.name) // npm calls what it describes by the name of its folder
mkdirSync(folder)
const lock = read<Lock>('package-lock.json')
const installed = Object.entries(lock.packages).filter(([, { dev }]) => dev !== true)
const packages = Object.fromEntries(
  installed.map(([at, one]) => [at, { ...one, devDependencies: {} }]),
)
write('package.json', { ...manifest, devDependencies: {} })
write('package-lock.json', { ...lock, packages })
const { status, stdout } = spawnSync(
  'npm',
  ['sbom', '--sbom-format=cyclonedx', '--sbom-type=application', '--package-lock-only'],
  {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'inherit'],
    encoding: 'utf8',
    maxBuffer: 64 * 1024 ** 2,
  },
)
if (status === 0) console.log(settled(JSON.parse(stdout)))
process.exitCode = status ?? 1

/** The bill without what is another each time: the time, and a number that is drawn. */
function settled(bill: {
  readonly serialNumber: string
  readonly metadata: { readonly timestamp?: string }
}): string {
  const { serialNumber: _, ...rest } = bill
  const { timestamp: __, ...metadata } = bill.metadata
  const hash = createHash('sha256')
    .update(JSON.stringify({ ...rest, metadata }))
    .digest('hex')
  // a UUID of version 8: sixteen bytes of our own making. @see RFC 9562, section 5.8
  const uuid = [/^(.{8})(.{4}).(.{3}).(.{3})(.{12}).*$/, '$1-$2-8$3-a$4-$5'] as const
  const serialNumber = `urn:uuid:${hash.replace(...uuid)}`
  return JSON.stringify({ ...rest, serialNumber, metadata }, null, 2)
}

function read<T>(file: string): T {
  return JSON.parse(readFileSync(join(ROOT, file), 'utf8')) as T
}

function write(file: string, content: object): void {
  writeFileSync(join(folder, file), JSON.stringify(content))
}
