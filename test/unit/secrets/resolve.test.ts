import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { inspect } from 'node:util'
import fc from 'fast-check'
import t from 'tap'
import { machineSources, resolveSecret, type SecretSources } from '../../../src/secrets/resolve.ts'
import { Secret } from '../../../src/secrets/secret.ts'

const LONG = '0123456789abcdef'

function sources(
  env: Record<string, string>,
  files: Record<string, Uint8Array> = {},
): SecretSources {
  return {
    env,
    readFile(path) {
      const bytes = files[path]
      if (bytes === undefined)
        throw Object.assign(new Error(`${path}: secret text`), { code: 'ENOENT' })
      return bytes
    },
    dev: false,
  }
}

function bytesOf(ref: string, from: SecretSources): Uint8Array | string {
  const found = resolveSecret(ref, from)
  return found instanceof Secret ? found.bytes : found.problem
}

t.test('a secret does not print, whatever prints it', async t => {
  const secret = new Secret(new TextEncoder().encode('hunter2hunter2hunter2'))
  const printed = [
    String(secret),
    `${secret}`,
    JSON.stringify({ secret }),
    inspect({ secret }, { showHidden: true, depth: 9 }),
    Object.values(secret).join(),
  ]
  for (const text of printed) t.notMatch(text, /hunter2|104/)
  t.equal(String(secret), '[secret]')
  t.equal(inspect(secret), '[secret]')
})

t.test('a variable is taken as it is, in UTF-8', async t => {
  const from = sources({ A: ` ${LONG}é\n\n` })
  t.same(bytesOf('env:A', from), new TextEncoder().encode(` ${LONG}é\n\n`))
})

t.test('a file loses exactly one trailing line end', async t => {
  const cases: [string, string][] = [
    [LONG, LONG],
    [`${LONG}\n`, LONG],
    [`${LONG}\r\n`, LONG],
    [`${LONG}\n\n`, `${LONG}\n`],
    [`${LONG}\r\n\r\n`, `${LONG}\r\n`],
    [`${LONG}\r`, `${LONG}\r`],
    [`\n${LONG} `, `\n${LONG} `],
  ]
  for (const [file, secret] of cases) {
    const bytes = bytesOf('file:/s', sources({}, { '/s': new TextEncoder().encode(file) }))
    t.same(bytes, new TextEncoder().encode(secret), JSON.stringify(file))
  }
})

t.test('any other byte of a file is kept', async t => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 16, maxLength: 64 }), content => {
      const found = bytesOf('file:/s', sources({}, { '/s': Uint8Array.from([...content, 0x0a]) }))
      const expected = content.at(-1) === 0x0d ? content.subarray(0, -1) : content
      return typeof found === 'string' ? expected.length < 16 : Buffer.from(found).equals(expected)
    }),
  )
  t.pass('no counter-example')
})

t.test('what cannot be used is named by its reference, never by its value', async t => {
  const files = {
    '/short': new TextEncoder().encode('0123456789abcde\n'),
    '/empty': new TextEncoder().encode('\n'),
    '/huge': new Uint8Array(70_000),
  }
  const from = sources({ SHORT: 'hunter2', EMPTY: '' }, files)
  const cases = [
    ['env:UNSET', 'env:UNSET is not set'],
    ['env:toString', 'env:toString is not set'],
    ['env:EMPTY', 'env:EMPTY is empty'],
    ['env:SHORT', 'env:SHORT has 7 bytes, fewer than 16'],
    ['file:/none', 'file:/none cannot be read (ENOENT)'],
    ['file:/short', 'file:/short has 15 bytes, fewer than 16'],
    ['file:/empty', 'file:/empty is empty'],
    ['file:/huge', 'file:/huge is longer than 65536 bytes'],
    ['plain:0123456789abcdef', 'plain: is accepted with --dev only'],
    [LONG, 'not a reference: expected env:NAME, file:PATH or sealed:…'],
  ] as const
  for (const [ref, problem] of cases) t.equal(bytesOf(ref, from), problem)
})

t.test('plain text is a secret in development alone, and not named there either', async t => {
  const dev = { ...sources({}), dev: true }
  t.same(bytesOf(`plain:${LONG}`, dev), new TextEncoder().encode(LONG))
  t.equal(bytesOf('plain:hunter2', dev), 'plain:… has 7 bytes, fewer than 16')
})

t.test('the machine gives its environment and its files, and never a whole device', async t => {
  const folder = t.testdir({})
  const path = join(folder, 'secret')
  writeFileSync(path, `${LONG}\r\n`)
  t.same(bytesOf(`file:${path}`, machineSources(false)), new TextEncoder().encode(LONG))
  t.match(bytesOf('file:/dev/zero', machineSources(false)), /is longer than/)
  t.match(bytesOf(`file:${folder}`, machineSources(false)), /cannot be read \(EISDIR\)/)
})
