import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/**
 * Prints the bill of materials of an installation: CycloneDX, by `npm sbom`. That is asked about a manifest and a lock
 * file without what is for development: its own `--omit=dev` loses a package that something for development needs too.
 */
const ROOT = join(import.meta.dirname, '..', '..')

interface Lock {
  readonly packages: Readonly<
    Record<string, { readonly dev?: boolean; readonly devDependencies?: object }>
  >
}

const folder = mkdtempSync(join(tmpdir(), 'hookwarden-sbom-'))
process.once('exit', () => rmSync(folder, { recursive: true, force: true }))
const manifest = read<{ readonly devDependencies?: object }>('package.json')
const lock = read<Lock>('package-lock.json')
const installed = Object.entries(lock.packages).filter(([, { dev }]) => dev !== true)
const packages = Object.fromEntries(
  installed.map(([at, one]) => [at, { ...one, devDependencies: {} }]),
)
write('package.json', { ...manifest, devDependencies: {} })
write('package-lock.json', { ...lock, packages })
const { status } = spawnSync(
  'npm',
  ['sbom', '--sbom-format=cyclonedx', '--sbom-type=application', '--package-lock-only'],
  { cwd: folder, stdio: ['ignore', 'inherit', 'inherit'] },
)
process.exitCode = status ?? 1

function read<T>(file: string): T {
  return JSON.parse(readFileSync(join(ROOT, file), 'utf8')) as T
}

function write(file: string, content: object): void {
  writeFileSync(join(folder, file), JSON.stringify(content))
}
