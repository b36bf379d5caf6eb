import { execFileSync } from 'node:child_process'
import { createHmac } from 'node:crypto'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { explain } from '../../../src/commands/explain.ts'
import { type JudgeOptions, readJudgeOptions } from '../../../src/commands/judgement.ts'
import { nextCommand, verify } from '../../../src/commands/verify.ts'
import type { SecretSources } from '../../../src/secrets/resolve.ts'

const NOW = Date.UTC(2026, 10, 25, 10)
const SECRET = 'correct-horse-battery-staple-0000'
const OTHER = 'a-client-secret-of-32-characters'
const FLOW = '0b6f0c1e-6b1f-4c57-9a53-4b0c7e1a2d11'
const MAP = `version: 1
upstream: http://127.0.0.1:3000
public_url: https://hooks.example.com
discovery: { database: 'plain:x' }
providers:
  github: { secret: env:GITHUB, flows: [${FLOW}] }
  stripe: { secret: env:STRIPE, path: /in/stripe, to: flow:7c1d9f0e-2f57-4f0a-9d7d-1f6b8d0c3e22 }
  linkedin: { secret: env:LINKEDIN, path: /in/linkedin, to: flow:7c1d9f0e-2f57-4f0a-9d7d-1f6b8d0c3e24 }
  gitlab: { secret: env:STRIPE, flows: discovered }
  open: { scheme: { none: a sender that cannot sign }, path: /in/open, to: flow:7c1d9f0e-2f57-4f0a-9d7d-1f6b8d0c3e23 }
`
const mac = (body: string, secret = SECRET) =>
  createHmac('sha256', secret).update(body).digest('hex')
const GITHUB = (body: string, secret?: string) =>
  `POST /webhooks/flows/${FLOW}\nContent-Type: application/json\nX-Hub-Signature-256: sha256=${mac(body, secret)}\n\n${body}`
const STRIPE = (time: number, at = '') =>
  `${at}POST /in/stripe\nContent-Type: application/json\nStripe-Signature: t=${time},v1=${mac(`${time}.{}`)}\n\n{}`

function sources(env: Readonly<Record<string, string>> = {}): SecretSources {
  return {
    env: { GITHUB: SECRET, STRIPE: SECRET, LINKEDIN: OTHER, ...env },
    readFile: () => Buffer.from(''),
    dev: true,
  }
}

function judge(
  t: Test,
  command: typeof verify,
  capture: string,
  options: Partial<JudgeOptions> = {},
  env?: Readonly<Record<string, string>>,
) {
  const folder = t.testdir({ 'map.yaml': MAP, 'x.http': capture })
  const out: string[] = []
  const terminal = {
    out: (text: string) => void out.push(text),
    err: (text: string) => void out.push(text),
    paint: (_: string, text: string) => text,
  }
  const asked = {
    provider: 'github',
    config: join(folder, 'map.yaml'),
    request: join(folder, 'x.http'),
    at: undefined,
    json: false,
    dev: true,
    ...options,
  }
  const code = command(asked, { sources: sources(env), terminal, now: NOW })
  const text = out.join('\n')
  t.notMatch(text, SECRET, 'no secret')
  t.notMatch(text, /[0-9a-f]{40}/, 'no signature')
  return { code, text, folder }
}

t.test('verify: a genuine delivery is accepted, exit 0', async t => {
  const { code, text } = judge(t, verify, GITHUB('{}'))
  t.equal(code, 0)
  t.equal(text, 'accepted  github, proven by its current secret')
})

t.test('verify: a refusal has its reason, its page and the next step, exit 1', async t => {
  const { code, text, folder } = judge(t, verify, GITHUB('{}', 'another-secret-of-32-characters0'))
  t.equal(code, 1)
  t.equal(
    text,
    [
      'refused  github: signature_mismatch',
      '  what  the signature does not fit the body',
      '  page  docs/reasons/signature_mismatch.md',
      `\nWhy: hookwarden explain github --request ${folder}/x.http --config ${folder}/map.yaml --dev`,
    ].join('\n'),
  )
})

t.test('verify: the command it prints asks the same question', async t => {
  const asked = { at: NOW - 5000, request: "a b's.http", config: '/etc/hooks.yaml', json: false }
  for (const dev of [true, false]) {
    const printed = nextCommand({ provider: 'github', ...asked, dev })
    // a shell gives the words as they were meant
    const words = execFileSync('sh', ['-c', `printf '%s\\n' ${printed}`], { encoding: 'utf8' })
    const [, , ...args] = words.trimEnd().split('\n')
    t.same(readJudgeOptions(args), { provider: 'github', ...asked, dev })
  }
})

t.test('verify --json', async t => {
  const { code, text } = judge(t, verify, GITHUB('{}', 'another-secret-of-32-characters0'), {
    json: true,
  })
  t.equal(code, 1)
  t.same(JSON.parse(text), {
    provider: 'github',
    verdict: 'refused',
    reason: 'signature_mismatch',
    page: 'docs/reasons/signature_mismatch.md',
    notes: [],
  })
  const sound = JSON.parse(judge(t, verify, GITHUB('{}'), { json: true }).text)
  t.same(sound, { provider: 'github', verdict: 'accepted', secret: 'current', notes: [] })
})

t.test('the time: of the command line, else of the capture, else now', async t => {
  const seconds = NOW / 1000
  const stripe = { provider: 'stripe' }
  t.equal(judge(t, verify, STRIPE(seconds), stripe).code, 0)
  const old = judge(t, verify, STRIPE(seconds - 3600), stripe)
  t.match(old.text, /refused {2}stripe: timestamp_stale\n/)
  t.match(old.text, /note {2}judged as if received now, 2026-11-25T10:00:00.000Z: say when/)
  const at = '# at: 2026-11-25T09:00:00Z\n'
  const captured = judge(t, verify, STRIPE(seconds - 3600, at), stripe)
  t.equal(captured.code, 0)
  t.notMatch(captured.text, /note/)
  t.equal(judge(t, verify, STRIPE(seconds - 3600, at), { ...stripe, at: NOW }).code, 1)
})

t.test('what run refuses before it looks at a signature is refused', async t => {
  const text = (change: (capture: string) => string) => judge(t, verify, change(GITHUB('{}'))).text
  t.match(
    text(one => one.replace('POST', 'PUT')),
    /github: method\n/,
  )
  t.match(
    text(one => one.replace('application/json', 'text/html')),
    /github: content_type\n/,
  )
  t.match(
    text(one => one.replace('X-Hub', 'Content-Encoding: gzip\nX-Hub')),
    /github: content_encoding\n/,
  )
  const other = text(one => one.replace(FLOW, 'x'))
  t.match(other, /^accepted/)
  t.match(other, /note {2}\/webhooks\/flows\/x is no path of github, so `run` answers 404/)
})

t.test('verify: what a sender may have signed by anybody is no delivery', async t => {
  const asked = (body: string) =>
    `POST /in/linkedin\nContent-Type: application/json\nX-LI-Signature: ${mac(`hmacsha256=${body}`, OTHER)}\n\n${body}`
  t.equal(judge(t, verify, asked('{}'), { provider: 'linkedin' }).code, 0)
  const { code, text } = judge(t, verify, asked('abc'), { provider: 'linkedin' })
  t.equal(code, 1)
  t.match(text, 'malformed_body')
})

t.test('a secret that cannot be used is named by its reference', async t => {
  const { code, text } = judge(t, verify, GITHUB('{}'), {}, { GITHUB: 'short' })
  t.equal(code, 1)
  t.match(text, /github: secret_unavailable\n/)
  t.match(text, /here {2}env:GITHUB has 5 bytes, fewer than 16/)
  const explained = judge(t, explain, GITHUB('{}'), {}, { GITHUB: 'short' })
  t.match(
    explained.text,
    /secret_unusable: .*\n {4}here {2}env:GITHUB has 5 bytes, fewer than 16\n/,
  )
})

t.test('a sender that cannot prove itself passes, and that is said', async t => {
  const capture = 'POST /in/open\nContent-Type: text/plain\n\nx'
  const { code, text } = judge(t, verify, capture, { provider: 'open' })
  t.equal(code, 0)
  t.match(text, /^accepted {2}open, unsigned: anybody could have sent it$/)
})

t.test('of a flow that is discovered it says that the database knows whose it is', async t => {
  const to = (path: string) =>
    `POST ${path}\nContent-Type: application/json\nX-Gitlab-Token: ${SECRET}\n\n{}`
  const gitlab = (path: string) => judge(t, verify, to(path), { provider: 'gitlab' })
  const flow = gitlab(`/webhooks/flows/${FLOW}`)
  t.equal(flow.code, 0)
  t.match(
    flow.text,
    `whether /webhooks/flows/${FLOW} is a flow of gitlab (app gitlab) is what Automatisch says`,
  )
  t.match(
    gitlab('/in/gitlab').text,
    '/in/gitlab is no path of gitlab, so `run` answers 404: it serves what is discovered',
  )
})

t.test('explain: the cause, what it is here, the fix and the page', async t => {
  const { code, text } = judge(t, explain, GITHUB('{}'), {}, { GITHUB: `${SECRET}\n` })
  t.equal(code, 1)
  t.equal(
    text,
    [
      'refused  github: signature_mismatch',
      '\n  secret_newline: a line end too many or too few in the secret',
      '    here  env:GITHUB has a line end that the sender does not use',
      '    fix   store the secret without a line end: `printf %s`, not `echo`; `file:` drops exactly one',
      '    page  docs/findings/secret_newline.md',
    ].join('\n'),
  )
})

t.test('explain: a secret of another provider is named by that provider', async t => {
  const other = 'the-secret-of-stripe-0123456789'
  const { text } = judge(t, explain, GITHUB('{}', other), {}, { STRIPE: other })
  t.match(text, /here {2}signed with env:STRIPE, the secret of the provider stripe\n/)
  t.notMatch(text, other)
})

t.test('explain: nothing to explain, exit 0; refused for something else, exit 1', async t => {
  const fine = judge(t, explain, GITHUB('{}'))
  t.equal(fine.code, 0)
  t.match(fine.text, /^accepted {2}github: it verifies/)
  const put = judge(t, explain, GITHUB('{}').replace('POST', 'PUT'))
  t.equal(put.code, 1)
  t.match(
    put.text,
    /github: method\n.*not for its signature, which is right\n.*docs\/reasons\/method\.md/s,
  )
})

t.test('explain --json', async t => {
  const { text } = judge(t, explain, GITHUB('{}'), { json: true }, { GITHUB: ` ${SECRET}` })
  t.same(JSON.parse(text), {
    provider: 'github',
    reason: 'signature_mismatch',
    findings: [
      {
        code: 'secret_space',
        detail: 'env:GITHUB has a blank around it that the sender does not use',
        page: 'docs/findings/secret_space.md',
      },
    ],
    notes: [],
  })
})

t.test('what cannot be judged is a fault that says what to do', async t => {
  const faults = (capture: string, options: Partial<JudgeOptions>, message: RegExp) =>
    t.throws(() => judge(t, verify, capture, options), { message })
  faults(GITHUB('{}'), { provider: 'githb' }, /no provider 'githb': did you mean 'github'/)
  faults('POST /x\nHost\n\n', {}, /x\.http:2: expected a header/)
  faults(GITHUB('{}'), { request: 'none.http' }, /cannot read none\.http \(ENOENT\)/)
  faults(GITHUB('{}'), { config: 'test/fixtures/broken.yaml' }, /broken\.yaml has issues/)
})
