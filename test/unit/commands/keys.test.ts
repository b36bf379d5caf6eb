import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { parse } from 'yaml'
import { command } from '../../../src/commands/keys.ts'
import { checkKeys } from '../../../src/commands/keys-check.ts'
import { type EscrowOptions, escrow } from '../../../src/commands/keys-escrow.ts'
import { generate } from '../../../src/commands/keys-generate.ts'
import { type PinOptions, pin } from '../../../src/commands/keys-pin.ts'
import { KEY_NAMES } from '../../../src/keys/names.ts'
import { makeSealingKey } from '../../../src/secrets/sealing-key.ts'

const ENV = {
  ENCRYPTION_KEY: 'Vq3kX9_pLm2TzR7wYb5-NcJ8sHd4GfE6aQ1uKiOyZxCvBn0t',
  WEBHOOK_SECRET_KEY: '9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822c',
  APP_SECRET_KEY: 'tB0nvCxZyOiKu1Qa6EfG4dHs8JcN-5bYw7RzT2mLp_9Xk3qV',
}
const NOVEMBER = Date.UTC(2026, 10, 25)

/** A command in a world of its own; no key may be said there unless asked for. */
function world(env: Record<string, string>, now = NOVEMBER) {
  const said: string[] = []
  const terminal = {
    out: (text: string) => void said.push(text),
    err: (text: string) => void said.push(text),
    paint: (_: string, text: string) => text,
  }
  const sources = { env, readFile: (path: string) => readFileSync(path), dev: false }
  return { said: () => said.splice(0).join('\n'), world: { terminal, sources, now } }
}

function silent(t: Test, text: string, keys: readonly string[] = Object.values(ENV)) {
  for (const key of keys) t.notOk(text.includes(key.slice(0, 12)), 'no key is printed')
}

t.test('long random keys, all three distinct: keys generate', async t => {
  const folder = t.testdir()
  const { world: here, said } = world({})
  const run = (out: string, format: string) =>
    generate({ out: join(folder, out), format, print: false }, here.terminal)

  t.equal(run('files', 'files'), 0)
  const files = KEY_NAMES.map(key => readFileSync(join(folder, 'files', key), 'utf8'))
  for (const text of files) t.match(text, /^[\w-]{48}$/, 'no line end')
  for (const key of KEY_NAMES) t.equal(statSync(join(folder, 'files', key)).mode & 0o777, 0o600)
  t.equal(statSync(join(folder, 'files')).mode & 0o777, 0o700)
  silent(t, said(), files)
  t.throws(() => run('files', 'files'), { code: 'exists' }, 'never over keys that exist')

  run('keys.env', 'env')
  t.match(readFileSync(join(folder, 'keys.env'), 'utf8'), /^(?:[A-Z_]+=[\w-]{48}\n){3}$/)
  t.equal(statSync(join(folder, 'keys.env')).mode & 0o777, 0o600)
  run('secret.yaml', 'kubernetes')
  const manifest = parse(readFileSync(join(folder, 'secret.yaml'), 'utf8'))
  t.match(manifest, { kind: 'Secret', stringData: { APP_SECRET_KEY: /^[\w-]{48}$/ } })
  t.same(Object.keys(manifest.stringData), KEY_NAMES)
  silent(t, said(), Object.values(manifest.stringData))

  t.throws(() => run('x', 'toml'), { message: /none of files, env, kubernetes/ })
  const nowhere = { out: undefined, format: 'files', print: false }
  t.throws(() => generate(nowhere, here.terminal), { message: /where should the keys go/ })
  said()
  generate({ ...nowhere, print: true }, here.terminal)
  t.match(said(), /^(?:[A-Z_]+=[\w-]{48}\n?){3}$/, 'on the terminal only when asked')
})

t.test('keys check says what is wrong and how to mend it', async t => {
  const good = world(ENV)
  t.equal(checkKeys({ json: false }, good.world), 0)
  const fine = good.said()
  t.match(fine, 'ENCRYPTION_KEY      48 bytes   fine\n')
  silent(t, fine)

  const bad = world({ ENCRYPTION_KEY: ENV.APP_SECRET_KEY, WEBHOOK_SECRET_KEY: 'a+b' })
  t.equal(checkKeys({ json: false }, bad.world), 1)
  const text = bad.said()
  t.match(
    text,
    /WEBHOOK_SECRET_KEY {2}3 bytes {4}finding\n {2}key_short: .*\n {4}fix .*\n {2}key_alphabet: /,
  )
  t.match(
    text,
    'APP_SECRET_KEY      -          finding\n  key_missing: env:APP_SECRET_KEY is not set',
  )
  t.equal(checkKeys({ json: true }, bad.world), 1)
  const { keys } = JSON.parse(bad.said())
  t.same(
    keys.map(({ findings }: { findings: { code: string }[] }) => findings.map(one => one.code)),
    [[], ['key_short', 'key_alphabet'], ['key_missing']],
  )
})

t.test('keys are found in a file of variables, and by references', async t => {
  const folder = t.testdir()
  const file = join(folder, '.env')
  writeFileSync(
    file,
    `# keys\nENCRYPTION_KEY=${ENV.ENCRYPTION_KEY}\nAPP_SECRET_KEY="${ENV.APP_SECRET_KEY}"\n`,
  )
  const webhook = join(folder, 'webhook')
  writeFileSync(webhook, `${ENV.WEBHOOK_SECRET_KEY}\n`)
  const { world: here, said } = world({ WEBHOOK_SECRET_KEY: 'of-this-process' })
  t.equal(checkKeys({ json: false, 'env-file': file }, here), 1)
  t.match(said(), `key_missing: env:WEBHOOK_SECRET_KEY is not set in ${file}`)
  const places = { 'env-file': file, 'webhook-secret-key': `file:${webhook}` }
  t.equal(checkKeys({ json: false, ...places }, here), 0)
})

t.test('keys pin remembers, compares, shouts, and pins anew only when told', async t => {
  const state = join(t.testdir(), 'state')
  mkdirSync(state)
  const asked: PinOptions = { state, again: false, json: false }
  const first = world(ENV)
  t.equal(await pin(asked, first.world), 0)
  t.match(
    first.said(),
    'ENCRYPTION_KEY      pinned today; `run` looks for it at env:ENCRYPTION_KEY',
  )
  const file = join(state, 'key-pins.json')
  t.equal(statSync(file).mode & 0o777, 0o600)
  silent(t, readFileSync(file, 'utf8'))

  const later = world(
    { ...ENV, ENCRYPTION_KEY: ENV.APP_SECRET_KEY, APP_SECRET_KEY: '' },
    NOVEMBER * 2,
  )
  t.equal(await pin(asked, later.world), 1)
  const text = later.said()
  t.match(text, 'ENCRYPTION_KEY      CHANGED since 2026-11-25')
  t.match(text, 'WEBHOOK_SECRET_KEY  the same as on 2026-11-25')
  t.match(text, 'APP_SECRET_KEY      env:APP_SECRET_KEY is empty, so it is not compared')
  t.match(text, 'Put the old key back')
  silent(t, text)
  t.equal(await pin({ ...asked, json: true }, later.world), 1)
  t.match(JSON.parse(later.said()), {
    keys: [{ state: 'changed' }, { state: 'same' }, { state: 'unseen' }],
  })

  t.equal(await pin({ ...asked, again: true }, later.world), 0)
  t.match(later.said(), 'pinned anew: another than on 2026-11-25')
  t.equal(await pin(asked, later.world), 0)
  const none = world({})
  await t.rejects(pin(asked, none.world), { message: /no key is at hand/ })
  writeFileSync(file, 'x')
  await t.rejects(pin(asked, first.world), { message: /holds no pins/ })
})

t.test('keys backed up with the database: escrow, compared and opened again', async t => {
  const folder = t.testdir()
  const { publicText, privateText } = makeSealingKey()
  const [file, key] = [join(folder, 'keys.escrow'), join(folder, 'seal.key')]
  writeFileSync(key, `# private half\n${privateText}\n`)
  const { world: here, said } = world(ENV)
  const run = (options: Partial<EscrowOptions>, at = here) =>
    escrow({ print: false, json: false, ...options }, at)

  t.equal(await run({ to: publicText, out: file }), 0)
  const made = said()
  t.match(made, `${file}\n`)
  silent(t, made + readFileSync(file, 'utf8'))
  t.equal(statSync(file).mode & 0o777, 0o600)
  t.equal(await run({ compare: file }), 0)
  t.match(said(), 'APP_SECRET_KEY      the same as in the escrow')
  const other = world({ ...ENV, APP_SECRET_KEY: 'another' })
  t.equal(await run({ compare: file }, other.world), 1)
  t.match(other.said(), 'APP_SECRET_KEY      ANOTHER than in the escrow')

  const offline = world({})
  t.equal(await run({ open: file, key: `file:${key}`, out: join(folder, 'out') }, offline.world), 0)
  silent(t, offline.said())
  for (const name of KEY_NAMES) {
    t.equal(readFileSync(join(folder, 'out', name), 'utf8'), ENV[name])
    t.equal(statSync(join(folder, 'out', name)).mode & 0o777, 0o600)
  }
  t.equal(await run({ open: file, key: `file:${key}`, print: true }, offline.world), 0)
  t.match(offline.said(), `ENCRYPTION_KEY=${ENV.ENCRYPTION_KEY}\n`)

  const escrowed = readFileSync(file, 'utf8')
  writeFileSync(file, escrowed.replace(/"made": "2026/, '"made": "2020'))
  const tampered = { open: file, key: `file:${key}`, out: join(folder, 'again') }
  t.equal(await run(tampered, offline.world), 1)
  t.match(offline.said(), 'changed outside: made.')
  writeFileSync(file, escrowed.replace(/"sealed": "(.{100})./, '"sealed": "$1='))
  t.equal(await run({ ...tampered, out: join(folder, 'third') }, offline.world), 1)
  t.match(offline.said(), /not opened: .*keys\.escrow its sealed part/)
})

t.test('what cannot be done as asked is a fault', async t => {
  const { world: here } = world(ENV)
  const faults: readonly [Partial<EscrowOptions>, RegExp][] = [
    [{}, /one of --to PUBLIC, --open FILE and --compare FILE/],
    [{ to: 'a', open: 'b' }, /one of --to/],
    [{ to: makeSealingKey().publicText }, /where should the escrow go/],
    [{ to: makeSealingKey().privateText, out: 'x' }, /this is a private half/],
    [{ open: 'x' }, /with which private half/],
    [{ open: 'x', key: 'env:K' }, /where should the keys go/],
    [{ open: 'x', key: 'env:ENCRYPTION_KEY', print: true }, /cannot read x|no private half/],
    [{ compare: 'package.json' }, /no escrow/],
  ]
  for (const [options, message] of faults)
    await t.rejects(escrow({ print: false, json: false, ...options }, here), { message })
  const { publicText } = makeSealingKey()
  const some = world({ ENCRYPTION_KEY: 'x' })
  await t.rejects(escrow({ to: publicText, out: 'x', print: false, json: false }, some.world), {
    message: /not all keys are at hand: env:WEBHOOK_SECRET_KEY is not set; env:APP/,
  })
  await t.rejects(command.main([]), { message: /which action/ })
  await t.rejects(command.main(['chek']), { message: /did you mean 'check'/ })
  await t.rejects(command.main(['toString']), { message: /unknown action/ })
})
