import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { isBuiltin } from 'node:module'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { build, type Plugin } from 'esbuild'
import { licenceTexts, type Package, production } from './licences.ts'

const ROOT = join(import.meta.dirname, '..', '..')

const HELP = `npm run build -- [--whole] [--to FOLDER] [--made-of FILE]

Writes dist/: the program as JavaScript, its types stripped, in few files.

  --whole         with the packages that it needs and their licences, so that it runs without node_modules: the image's
  --to FOLDER     somewhere else than dist/
  --made-of FILE  says which source is in which file, as esbuild's metafile has it`

/** CommonJS packages ask for the built-in ones by `require`, which a module does not have. */
const REQUIRE = `import { createRequire as requireFrom } from 'node:module';
const require = requireFrom(import.meta.url);`

const { values } = parseArgs({
  options: {
    whole: { type: 'boolean', default: false },
    to: { type: 'string', default: join(ROOT, 'dist') },
    'made-of': { type: 'string' },
    help: { type: 'boolean', default: false },
  },
})
if (values.help) console.log(HELP)
else await pack(values)

/**
 * Builds the program. What comes out depends on the sources and the locked packages alone: no time, no path, no name of
 * a machine. As deep below its folder as `src/commands/` is below the checkout, so that `../../package.json` is found.
 */
async function pack({
  whole,
  to,
  'made-of': madeOf,
}: {
  readonly whole: boolean
  readonly to: string
  readonly 'made-of'?: string | undefined
}): Promise<void> {
  rmSync(to, { recursive: true, force: true })
  const { metafile } = await build({
    absWorkingDir: ROOT,
    entryPoints: ['src/cli.ts'],
    outdir: join(to, 'program'),
    bundle: true,
    splitting: true, // each command is read when it is called
    format: 'esm',
    platform: 'node',
    target: 'node26',
    legalComments: 'none', // whole texts are beside it
    minifyWhitespace: true, // the text stays in memory, and one character beyond Latin-1 in a comment doubles it
    lineLimit: 160, // a stack names a line
    logLevel: 'warning',
    metafile: true,
    ...(whole
      ? { banner: { js: REQUIRE }, plugins: [installedAlone(production(lock()))] }
      : { packages: 'external' }),
  })
  if (madeOf !== undefined) writeFileSync(madeOf, JSON.stringify(metafile))
  mkdirSync(to, { recursive: true })
  if (!whole) return
  for (const file of ['package.json', 'nacl-fast.js']) {
    const from = join('node_modules/tweetnacl', file) // loaded by its name where something is sealed, and never else
    cpSync(join(ROOT, from), join(to, from))
  }
  writeFileSync(join(to, 'licences.txt'), licenceTexts(ROOT, production(lock())))
}

/**
 * Leaves out what an installation does not have: packages that others use where they happen to find them (pg-native,
 * supports-color), of which some are here for development.
 */
function installedAlone(packages: readonly Package[]): Plugin {
  const names = new Set(packages.map(({ name }) => name))
  return {
    name: 'installed-alone',
    setup({ onResolve }) {
      onResolve({ filter: /^[^./]/ }, ({ path, kind }) => {
        if (kind === 'entry-point' || isBuiltin(path)) return undefined
        const name = path.split('/', path.startsWith('@') ? 2 : 1).join('/')
        return names.has(name) ? undefined : { path, external: true }
      })
    },
  }
}

function lock(): string {
  return readFileSync(join(ROOT, 'package-lock.json'), 'utf8')
}
