import { spawnSync } from 'node:child_process'
import { readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { check } from '../../../src/commands/check.ts'
import { keygen } from '../../../src/commands/keygen.ts'
import { type SealOptions, seal } from '../../../src/commands/seal.ts'
import { resolveSecret, type SecretSources } from '../../../src/secrets/resolve.ts'
import { makeSealingKey } from '../../../src/secrets/sealing-key.ts'
import { Secret } from '../../../src/secrets/secret.ts'

const SECRET = 'whsec_0123456789abcdef'
const FLOW = '0b6f0c1e-6b1f-4c57-9a53-4b0c7e1a2d11'
const OLD = makeSealingKey()
const NEW = makeSealingKey()

function heard() {
  const out: string[] = []
  const err: string[] = []
  const terminal = {
    out: (text: string) => void out.push(text),
    err: (text: string) => void err.push(text),
    paint: (_: string, text: string) => text,
  }
  return { terminal, out, err }
}

function sources(env: SecretSources['env']): SecretSources {
  return { env, readFile: path => readFileSync(path), dev: false }
}

function sealed(options: Partial<SealOptions>, from = sources({})): string {
  const { terminal, out } = heard()
  const asked = { to: NEW.publicText, from: undefined, given: undefined, json: false, ...options }
  t.equal(seal(asked, { sources: from, terminal, now: 0 }), 0)
  t.equal(out.length, 1)
  t.notMatch(out[0], 'whsec_')
  return out[0] ?? ''
}

function opened(ref: string, ...keys: string[]): string {
  const found = resolveSecret(ref, sources({ HOOKWARDEN_SEAL_KEY: keys.join(' ') }))
  return found instanceof Secret ? Buffer.from(found.bytes).toString() : found.problem
}

t.test('keygen writes the private half for its owner alone and prints the public one', async t => {
  const file = join(t.testdir(), 'seal.key')
  const { terminal, out, err } = heard()
  t.equal(keygen(file, false, terminal), 0)
  t.equal(statSync(file).mode & 0o777, 0o600)
  t.match(out.join(), /^hwpub_[\w-]{48}$/)
  t.notMatch([...out, ...err].join(), 'hwkey_')
  const ref = sealed({ to: out.join(), given: Buffer.from(SECRET) })
  t.equal(opened(ref, readFileSync(file, 'utf8').split('\n')[1] ?? ''), SECRET)
  t.throws(() => keygen(file, false, terminal), { code: 'exists' }, 'never over a file')
  const machine = heard()
  keygen(join(t.testdir(), 'seal.key'), true, machine.terminal)
  t.match(JSON.parse(machine.out.join()), { public: /^hwpub_/, private_file: /seal\.key$/ })
})

t.test('a secret is sealed less exactly one line end', async t => {
  for (const [given, secret] of [
    [SECRET, SECRET],
    [`${SECRET}\n`, SECRET],
    [`${SECRET}\r\n\r\n`, `${SECRET}\r\n`],
  ] as const) {
    t.equal(opened(sealed({ given: Buffer.from(given) }), NEW.privateText), secret)
  }
})

t.test('what a reference names is sealed, a sealed one to a new key', async t => {
  const old = sealed({ to: OLD.publicText, from: 'env:A' }, sources({ A: SECRET }))
  t.equal(opened(old, OLD.privateText), SECRET)
  const from = sources({ HOOKWARDEN_SEAL_KEY: OLD.privateText })
  const again = sealed({ from: old }, from)
  t.equal(opened(again, NEW.privateText), SECRET)
  t.match(opened(again, OLD.privateText), 'sealed to another key')
  const file = join(t.testdir(), 'seal.pub')
  writeFileSync(file, `${NEW.publicText}\n`)
  const byFile = sealed({ to: `file:${file}`, from: 'env:A' }, sources({ A: SECRET }))
  t.equal(opened(byFile, NEW.privateText), SECRET)
})

t.test('what is no secret or no key is a fault', async t => {
  const { terminal } = heard()
  const world = { sources: sources({}), terminal, now: 0 }
  const asked = { to: NEW.publicText, from: undefined, given: Buffer.from(SECRET), json: false }
  const faults: readonly [Partial<SealOptions>, RegExp][] = [
    [{ given: Buffer.from('hunter2\n') }, /standard input holds 7 bytes, fewer than 16/],
    [{ given: Buffer.alloc(70_000) }, /longer than 64 KiB/],
    [{ given: undefined, from: 'env:A' }, /--from: env:A is not set/],
    [{ to: NEW.privateText }, /private half: sealing needs the public one/],
    [{ to: `${NEW.publicText.slice(0, -1)}~` }, /no public half/],
    [{ to: 'file:/none' }, /--to: file:\/none cannot be read \(ENOENT\)/],
  ]
  for (const [change, message] of faults) {
    t.throws(() => seal({ ...asked, ...change }, world), { message }, message.source)
  }
})

t.test('a map with a sealed secret checks, and says why one does not open', async t => {
  const ref = sealed({ given: Buffer.from(SECRET) })
  const file = join(t.testdir(), 'map.yaml')
  writeFileSync(
    file,
    `version: 1\nupstream: http://127.0.0.1:3000\nproviders:\n  github: { secret: ${ref}, flows: [${FLOW}] }\n`,
  )
  const asked = { config: file, effective: false, json: false, dev: true }
  const run = (env: SecretSources['env'], effective = false) => {
    const { terminal, out } = heard()
    const world = { sources: sources(env), terminal, now: 0 }
    return { code: check({ ...asked, effective }, world), text: out.join('\n') }
  }
  t.match(run({ HOOKWARDEN_SEAL_KEY: NEW.privateText }), { code: 0, text: /no issue$/ })
  t.match(run({ HOOKWARDEN_SEAL_KEY: NEW.privateText }, true).text, `secret: ${ref}`)
  t.match(run({ HOOKWARDEN_SEAL_KEY: OLD.privateText }), {
    code: 1,
    text: /providers\.github\.secret: sealed:….{8} was sealed to another key/,
  })
})

t.test('the command line reads the secret from a pipe', async t => {
  const cli = (input: string, ...args: string[]) =>
    spawnSync(process.execPath, ['bin/hookwarden.js', ...args], { encoding: 'utf8', input })
  const { status, stdout } = cli(`${SECRET}\n`, 'seal', '--to', NEW.publicText)
  t.equal(status, 0)
  t.equal(opened(stdout.trim(), NEW.privateText), SECRET)
  t.match(cli('', 'seal'), { status: 2, stderr: /to which key\?/ })
  t.match(cli('', 'keygen'), { status: 2, stderr: /where should the private half go\?/ })
})
