import { globSync, readFileSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'
import t from 'tap'

/** What a room may reach. Each list is words separated by spaces. */
interface Room {
  /** Other rooms it may import; one in brackets lends its types alone. */
  readonly rooms: string
  /** Packages and parts of Node that no other room may import. */
  readonly owns?: string
  /** Parts of Node that it may use without owning them. `#` names a single function, brackets types alone. */
  readonly uses?: string
}

const LEAVES = 'route admit verify inspect presets limit replay redis forward'

/**
 * The table of rooms. Rooms that do not exist yet have their rules already. What goes beyond the first table has its
 * reason in `docs/decisions/rooms.md`.
 */
const ROOMS: Readonly<Record<string, Room>> = {
  route: { rooms: '' },
  admit: { rooms: '', owns: 'node:net#BlockList' },
  verify: {
    rooms: '',
    owns: 'node:crypto#createHmac node:crypto#createHash node:crypto#createVerify node:crypto#verify node:crypto#timingSafeEqual',
    uses: 'node:crypto#createSecretKey node:crypto#createPublicKey node:crypto#createDecipheriv node:crypto#constants',
  },
  inspect: { rooms: '', owns: 'node:zlib busboy' },
  presets: { rooms: '[verify]' },
  limit: { rooms: '[redis]' },
  replay: { rooms: '[redis]' },
  redis: { rooms: '', owns: 'ioredis', uses: 'node:net#isIP [node:stream]' },
  forward: { rooms: '', uses: 'node:net#connect node:net#isIP [node:net] node:tls#connect' },
  errands: { rooms: '[verify]', uses: 'node:https#request node:crypto#X509Certificate' },
  secrets: {
    rooms: '',
    owns: 'tweetnacl',
    uses: 'node:fs node:util#inspect node:module#createRequire',
  },
  report: {
    rooms: '',
    owns: 'prom-client pino',
    uses: 'node:fs node:timers/promises#setImmediate',
  },
  exchange: {
    rooms: 'route admit verify inspect replay limit forward',
    uses: '[node:http]',
  },
  discovery: { rooms: '', owns: 'pg', uses: 'node:fs node:fs/promises' },
  config: { rooms: 'presets [verify]', owns: 'yaml zod', uses: 'node:fs node:path node:net#isIP' },
  generation: { rooms: `${LEAVES} secrets exchange [config]` },
  listen: {
    rooms: 'exchange generation limit report admit',
    owns: 'fastify node:https#createServer node:https#Server node:tls',
    uses: 'node:fs node:http#createServer [node:net] node:crypto#X509Certificate node:crypto#constants',
  },
  status: { rooms: '', uses: 'node:crypto#hash' },
  console: { rooms: '', owns: 'http-proxy', uses: '[node:http] [node:net] [node:stream]' },
  process: {
    rooms:
      'config generation discovery listen report secrets exchange limit replay redis forward inspect explain errands keys presets admit console status',
    uses: 'node:fs node:fs/promises#readFile node:path node:os node:util#isDeepStrictEqual node:crypto#randomBytes node:crypto#hash node:perf_hooks#monitorEventLoopDelay node:v8#setFlagsFromString node:vm#runInNewContext',
  },
  explain: { rooms: 'verify secrets inspect presets [config]' },
  sign: {
    rooms: 'verify',
    uses: 'node:crypto#createPrivateKey node:crypto#createPublicKey node:crypto#sign node:crypto#constants',
  },
  selftest: { rooms: 'verify' },
  keys: {
    rooms: 'secrets',
    uses: 'node:crypto#hash node:crypto#createDecipheriv node:crypto#scrypt node:crypto#randomBytes',
  },
  doctor: { rooms: 'verify secrets keys [config]' },
  commands: {
    rooms: `${LEAVES} secrets report exchange discovery config generation listen console process explain sign selftest doctor keys`,
    owns: 'selfsigned node:util#parseArgs',
    uses: 'node:https#request node:net#connect node:crypto#X509Certificate node:fs node:path node:url node:util#styleText node:util#parseEnv node:http node:readline/promises node:module node:crypto#randomUUID',
  },
}

/** Parts of Node that any room may use: they reach nothing. */
const FREE = new Set(['node:assert', 'node:assert/strict'])
/** What every room may import. */
const VOCABULARY = new Set([
  ...['reasons.ts', 'units.ts', 'head.ts', 'clock.ts', 'errors.ts', 'spelling.ts', 'cli.ts'],
])
/** Vocabulary that reaches further than its own kind. */
const DOOR: Readonly<Record<string, string>> = { 'cli.ts': 'commands' }

/** Where what a program can do without importing anything may stand: rooms, or single files. */
const CAPABILITIES = [
  {
    what: 'time comes from clock.ts, so that tests can move it',
    pattern: /\bDate\.now\b|\bperformance\.now\b|\bset(?:Timeout|Interval)\b|\bnew Date\(\s*\)/,
    where: 'clock.ts status/script.ts', // the latter runs in a browser
  },
  { what: 'the environment holds secrets', pattern: /\bprocess\.env\b/, where: 'secrets' },
  { what: 'signals', pattern: /\bprocess\.(?:on|once)\b/, where: 'process' },
  {
    what: 'the end of the process',
    pattern: /\bprocess\.(?:exit|abort|kill)\b/,
    where: 'process commands cli.ts',
  },
  {
    what: 'what goes to the terminal',
    pattern:
      /(?<![./])\bconsole\.|\bglobalThis\.console\b|\bprocess\.std(?:out|err)\b|\{[^}]*\bstd(?:out|err)\b[^}]*\} = process\b/,
    where: 'report commands cli.ts',
  },
  { what: 'chance that can be guessed', pattern: /\bMath\.random\b/, where: '' },
  {
    what: 'code that is not JavaScript',
    pattern: /\bgetBuiltinModule\((?!'node:http'\))|\bprocess\.(?:dlopen|binding)\b|\.node['"]/,
    where: 'process/malloc.ts',
  },
  { what: 'code made at run time', pattern: /\beval\s*\(|\bnew Function\b/, where: '' },
]

interface Taken {
  /** `*` for a whole module. */
  readonly name: string
  readonly type: boolean
}

interface Import {
  readonly from: string
  readonly taken: readonly Taken[]
}

const COMMENT =
  /('(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"|`(?:\\.|[^`\\])*`)|\/\/[^\n]*|\/\*[\s\S]*?\*\//g
const STATIC =
  /\b(?:import|export)\s+(?:(?<what>[\w*{][^'"();]*?)\s*from\s*)?['"](?<from>[^'"]+)['"]/g
const CALLED = /\b(?:import|require)\s*\(\s*(?:['"](?<from>[^'"]+)['"])?/g

function withoutComments(source: string): string {
  return source.replace(COMMENT, (_, text: string | undefined) => text ?? '')
}

/** Every way in which a source reaches another: static, dynamic, and types in place. */
function importsOf(code: string): Import[] {
  const found: Import[] = []
  for (const { groups } of code.matchAll(STATIC)) {
    found.push({ from: groups?.from ?? '', taken: takenBy(groups?.what ?? '*') })
  }
  for (const { groups } of code.matchAll(CALLED)) {
    found.push({ from: groups?.from ?? 'a computed name', taken: [{ name: '*', type: false }] })
  }
  return found
}

function takenBy(what: string): Taken[] {
  const allTypes = /^type\s+[\w*{]/.test(what)
  const [, bare = '', braced = ''] = /^(?:type\s+)?([^{]*)(?:\{([^}]*)\})?/.exec(what) ?? []
  const names = braced.split(',').map(name => name.trim())
  return [
    ...(bare.replace(',', '').trim() === '' ? [] : [{ name: '*', type: allTypes }]),
    ...names
      .filter(name => name !== '')
      .map(name => ({
        name: name.replace(/^type\s+/, '').replace(/\s+as\s.*$/, ''),
        type: allTypes || name.startsWith('type '),
      })),
  ]
}

/** What `source`, standing at `path` under `src/`, does that its room may not. */
function violations(path: string, source: string): string[] {
  const code = withoutComments(source)
  const [place = '', ...below] = path.split('/')
  const reached = importsOf(code).flatMap(found =>
    below.length === 0 ? vocabularyReach(path, found) : roomReach(place, path, found),
  )
  const done = CAPABILITIES.filter(
    ({ pattern, where }) =>
      pattern.test(code) && !where.split(' ').some(word => word === place || word === path),
  ).map(({ what }) => `${path}: ${what}`)
  const lines = source.split('\n').length - 1
  return [...reached, ...done, ...(lines > 400 ? [`${path}: ${lines} lines, over 400`] : [])]
}

function vocabularyReach(path: string, { from }: Import): string[] {
  if (!VOCABULARY.has(path)) return [`${path}: is no vocabulary, so it belongs in a room`]
  const target = normalize(from).split('/')
  const allowed =
    from.startsWith('./') &&
    (target.length === 1 ? VOCABULARY.has(target[0] ?? '') : DOOR[path] === target[0])
  return allowed ? [] : [`${path}: vocabulary may not import ${from}`]
}

function roomReach(room: string, path: string, { from, taken }: Import): string[] {
  const rules = ROOMS[room]
  if (rules === undefined) return [`${path}: no rules for room ${room}`]
  if (from.startsWith('.')) {
    const target = normalize(join(dirname(path), from)).split('/')
    const [place = ''] = target
    if (place === '..') return [`${path}: ${from} is outside src/`]
    if (place === room || (target.length === 1 && VOCABULARY.has(place) && !(place in DOOR)))
      return []
    const may = grants(rules.rooms, place, taken)
    return may ? [] : [`${path}: ${room} may not import ${from}`]
  }
  if (FREE.has(from)) return []
  const may = grants(`${rules.owns ?? ''} ${rules.uses ?? ''}`, from, taken)
  return may ? [] : [`${path}: ${room} may not import ${from}`]
}

/** Whether a list grants everything that is taken from `module`. Types come with any grant. */
function grants(list: string, module: string, taken: readonly Taken[]): boolean {
  const words = new Set(list.split(' '))
  if (words.has(module)) return true
  const part = [...words].some(word => word === `[${module}]` || word.startsWith(`${module}#`))
  return part && taken.every(({ name, type }) => type || words.has(`${module}#${name}`))
}

const sources = new Map(
  globSync('src/**/*.ts')
    .sort()
    .map(file => [file.slice('src/'.length), readFileSync(file, 'utf8')]),
)

t.test('no source reaches what the table does not grant its room', async t => {
  for (const [path, source] of sources) t.same(violations(path, source), [], path)
})

t.test('the test sees every way of reaching out', async t => {
  const refused: readonly [string, string][] = [
    ['verify/x.ts', "import { a } from '../limit/gcra.ts'"],
    ['verify/x.ts', "import type { A } from '../limit/gcra.ts'"],
    ['verify/x.ts', "export * from '../limit/gcra.ts'"],
    ['verify/x.ts', "import {\n  a,\n  b,\n} from '../limit/gcra.ts'"],
    ['verify/x.ts', "import '../limit/gcra.ts'"],
    ['verify/x.ts', "const a = await import('../limit/gcra.ts')"],
    ['verify/x.ts', "let a: import('../limit/gcra.ts').Limit"],
    ['verify/x.ts', 'await import(name)'],
    ['verify/x.ts', "import { a } from '../../test/clock.ts'"],
    ['verify/x.ts', "import { createHmac, randomBytes } from 'node:crypto'"],
    ['verify/x.ts', "import * as crypto from 'node:crypto'"],
    ['exchange/x.ts', "import { createHmac } from 'node:crypto'"],
    ['exchange/x.ts', "import { request } from 'node:http'"],
    ['exchange/x.ts', "import type { FastifyRequest } from 'fastify'"],
    ['limit/x.ts', "import type { Reply } from 'fastify'"],
    ['presets/x.ts', "import { compile } from '../verify/compile.ts'"],
    ['presets/x.ts', "import { type Scheme, compile } from '../verify/compile.ts'"],
    ['generation/x.ts', "import { load } from '../config/load.ts'"],
    ['limit/x.ts', "import { main } from '../cli.ts'"],
    ['limit/x.ts', 'const now = Date.now()'],
    ['limit/x.ts', 'setTimeout(run, 10)'],
    ['limit/x.ts', 'console.log(1)'],
    ['limit/x.ts', "process.getBuiltinModule('node:ffi')"],
    ['limit/x.ts', 'process.getBuiltinModule(name)'],
    ['limit/x.ts', "import ffi from 'node:ffi'"],
    ['process/x.ts', 'process.dlopen(module, file)'],
    ['limit/x.ts', '\n'.repeat(401)],
    ['nowhere/x.ts', "import '../units.ts'"],
    ['units.ts', "import { a } from './limit/gcra.ts'"],
    ['units.ts', "import { a } from 'node:fs'"],
    ['more.ts', "import { a } from './units.ts'"],
  ]
  for (const [path, source] of refused) t.equal(violations(path, source).length, 1, source)
  const granted: readonly [string, string][] = [
    ['verify/x.ts', "import { createHmac, type Hmac } from 'node:crypto'"],
    ['verify/x.ts', "// import { a } from '../limit/gcra.ts'\nimport assert from 'node:assert'"],
    ['presets/x.ts', "import type { Scheme } from '../verify/scheme.ts'"],
    ['exchange/x.ts', "import type { IncomingMessage } from 'node:http'"],
    ['exchange/x.ts', "import { reserve } from '../limit/gcra.ts'"],
    ['cli.ts', "await import('./commands/run.ts')"],
  ]
  for (const [path, source] of granted) t.same(violations(path, source), [], source)
})

t.test('what one room owns, no other owns or uses', async t => {
  const owned = Object.values(ROOMS).flatMap(({ owns = '' }) => owns.split(' '))
  const used = Object.values(ROOMS).flatMap(({ uses = '' }) => uses.split(' '))
  const names = owned.filter(name => name !== '')
  t.same([...new Set(names)], names, 'one owner each')
  t.same(
    names.filter(name => used.includes(name)),
    [],
  )
})

t.test('no file imports itself by way of others', async t => {
  const edges = new Map<string, string[]>()
  for (const [path, source] of sources) {
    const near = importsOf(withoutComments(source)).filter(({ from }) => from.startsWith('.'))
    edges.set(
      path,
      near.map(({ from }) => normalize(join(dirname(path), from))),
    )
  }
  const cycles: string[] = []
  const finished = new Set<string>()
  const walk = (path: string, trail: readonly string[]): void => {
    const at = trail.indexOf(path)
    if (at !== -1) cycles.push([...trail.slice(at), path].join(' > '))
    if (at !== -1 || finished.has(path)) return
    for (const next of edges.get(path) ?? []) walk(next, [...trail, path])
    finished.add(path)
  }
  for (const path of edges.keys()) walk(path, [])
  t.same(cycles, [])
})

t.test("a signer is a second opinion: it takes nothing from Hookwarden's sources", async t => {
  const signers = globSync('test/signers/**/*.ts').sort()
  t.ok(signers.length > 0)
  for (const file of signers) {
    const near = importsOf(withoutComments(readFileSync(file, 'utf8')))
      .filter(({ from }) => from.startsWith('.'))
      .map(({ from }) => normalize(join(dirname(file), from)))
    t.same(
      near.filter(path => !path.startsWith('test/signers/')),
      [],
      file,
    )
  }
})
