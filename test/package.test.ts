import { existsSync, globSync, readFileSync } from 'node:fs'
import t from 'tap'
import { licencesPage, PAGE, PERMISSIVE, production } from '../deploy/package/licences.ts'
import { sharers } from './support/together.ts'

const LOCK = readFileSync('package-lock.json', 'utf8')
const MANIFEST = JSON.parse(readFileSync('package.json', 'utf8')) as {
  readonly files: readonly string[]
  readonly bin: Readonly<Record<string, string>>
  readonly engines: { readonly node: string }
  readonly dependencies: Readonly<Record<string, string>>
  readonly devDependencies: Readonly<Record<string, string>>
  readonly scripts: Readonly<Record<string, string>>
}

t.test(
  'every package that an installation has is listed with its licence, and no other',
  async t => {
    t.equal(readFileSync(PAGE, 'utf8'), licencesPage(production(LOCK)), '`npm run docs` writes it')
    const names = new Set(production(LOCK).map(({ name }) => name))
    for (const name of Object.keys(MANIFEST.dependencies)) t.ok(names.has(name), name)
    t.notOk(names.has('tap'), 'nothing of development')
  },
)

t.test('each licence asks for nothing but that its text is passed on', async t => {
  const others = production(LOCK).filter(({ licence }) => !PERMISSIVE.has(licence))
  t.same(others, [])
})

t.test('a licence that is not in the lock file shows as none', async t => {
  const lock = { packages: { '': {}, 'node_modules/a/node_modules/b': { version: '1.0.0' } } }
  const [found] = production(JSON.stringify(lock))
  t.same(found, {
    name: 'b',
    version: '1.0.0',
    licence: 'none',
    folder: 'node_modules/a/node_modules/b',
  })
  t.notOk(PERMISSIVE.has('none'))
})

t.test('versions are exact, and what the program needs is the Node that is pinned', async t => {
  for (const [name, version] of Object.entries({
    ...MANIFEST.dependencies,
    ...MANIFEST.devDependencies,
  })) {
    t.match(version, /^(?:npm:(?:@[^@]+|[^@]+)@)?\d+\.\d+\.\d+(?:-[\w.]+)?$/, name)
  }
  const oldest = /^>=(\d+)$/.exec(MANIFEST.engines.node)?.[1]
  t.equal(oldest, /OLDEST_NODE = (\d+)/.exec(readFileSync('bin/hookwarden.js', 'utf8'))?.[1])
  t.equal(MANIFEST.devDependencies.node?.split('.')[0], oldest)
})

t.test('what the package is to hold exists, and holds no source', async t => {
  for (const path of MANIFEST.files.filter(one => !one.startsWith('dist')))
    t.ok(existsSync(path), path)
  t.same(
    MANIFEST.files.filter(path => globSync(`${path}/**/*.ts`).length > 0),
    [],
  )
})

t.test(
  'what takes its time is either in each run of the checks or in the one before a release',
  async t => {
    const { 'test:long': long, 'test:soak': soak } = MANIFEST.scripts
    const named = `${long} ${soak}`.match(/test\/long\/[\w-]+\.test\.ts/g)
    t.same(named?.sort(), globSync('test/long/*.test.ts').sort())
  },
)

t.test('each unit test shares a process with others, and ends none of them early', async t => {
  const shared = globSync('test/unit/*.test.ts').flatMap(entry => sharers(entry))
  t.same(shared.sort(), globSync('test/unit/*/**/*.test.ts').sort())
  // tap ends a process that idles once its root has a teardown, and these hold for all that follow
  const root = /^t\.(?:teardown|bail|plan|end|setTimeout)\(/m
  t.same(
    shared.filter(file => root.test(readFileSync(file, 'utf8'))),
    [],
  )
})
