import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** A package that an installation has. */
export interface Package {
  readonly name: string
  readonly version: string
  /** Its licence as an SPDX expression. */
  readonly licence: string
  /** Its folder below the one of the lock file. */
  readonly folder: string
}

/** Licences that ask for nothing but that their text is passed on. Another one is a decision, not a line here. */
export const PERMISSIVE = new Set([
  'MIT',
  'ISC',
  'BSD-2-Clause',
  'BSD-3-Clause',
  'Apache-2.0',
  '0BSD',
  'Unlicense',
])

/** Where the page is that lists them. */
export const PAGE = 'docs/licences.md'

/** Old manifests name their licence in a way that the lock file leaves out; these were read in the packages. */
const UNLISTED: Readonly<Record<string, string>> = { busboy: 'MIT', streamsearch: 'MIT' }

interface Locked {
  readonly version?: string
  readonly license?: string
  readonly dev?: boolean
}

/** The packages that the lock file says an installation has, without those for development, by name. */
export function production(lock: string): readonly Package[] {
  const { packages } = JSON.parse(lock) as { readonly packages: Readonly<Record<string, Locked>> }
  return Object.entries(packages)
    .filter(([folder, { dev }]) => folder !== '' && dev !== true)
    .map(([folder, { version = '', license }]) => {
      const name = folder.slice(folder.lastIndexOf('node_modules/') + 'node_modules/'.length)
      return { name, version, licence: license ?? UNLISTED[name] ?? 'none', folder }
    })
    .sort((a, b) => (a.name < b.name || (a.name === b.name && a.version < b.version) ? -1 : 1))
}

/** The page that lists them. */
export function licencesPage(packages: readonly Package[]): string {
  const rows = packages.map(one => `| ${one.name} | ${one.version} | ${one.licence} |`)
  return `# Licences of what Hookwarden is made of

Hookwarden is under the [MIT licence](../LICENSE). These packages come with it, and no others; those for development stay at home. The
image has their texts in \`/app/dist/licences.txt\`. This page is written by \`npm run docs\` from the lock file.

| package | version | licence |
|---|---|---|
${rows.join('\n')}
`
}

/** The texts of their licences as they came with the packages, one after the other. */
export function licenceTexts(root: string, packages: readonly Package[]): string {
  return packages
    .flatMap(({ name, version, licence, folder }) => {
      const files = readdirSync(join(root, folder))
        .filter(file => /^(?:licen[cs]e|copying|notice)/i.test(file))
        .sort()
      const texts = files.map(file => readFileSync(join(root, folder, file), 'utf8').trim())
      const none = `It came without a text; its manifest says ${licence}.`
      return [
        `${'='.repeat(80)}`,
        `${name} ${version} (${licence})`,
        '',
        ...texts,
        ...(texts.length === 0 ? [none] : []),
        '',
      ]
    })
    .join('\n')
}

if (import.meta.main) {
  const root = join(import.meta.dirname, '..', '..')
  const lock = readFileSync(join(root, 'package-lock.json'), 'utf8')
  writeFileSync(join(root, PAGE), licencesPage(production(lock)))
}
