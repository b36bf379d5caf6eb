import { createHash, createHmac } from 'node:crypto'
import t from 'tap'
import { Head } from '../../../src/head.ts'
import { CLEAN } from '../../../src/reasons.ts'
import { pair, request, verdict, verifierOf } from '../presets/support.ts'

const NOW = Date.UTC(2026, 0, 2, 3, 4, 5)
const SECRET = 'the-shared-secret-of-one-installation'
const url64 = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')

/** A token of Atlassian Connect over a canonical request that is written out by hand. */
function connectToken(canonical: string, more: object = {}): string {
  const qsh = createHash('sha256').update(canonical).digest('hex')
  const now = Math.floor(NOW / 1000)
  const claims = { iss: 'jira:1', iat: now, exp: now + 180, qsh, ...more }
  const head = `${url64({ typ: 'JWT', alg: 'HS256' })}.${url64(claims)}`
  return `JWT ${head}.${createHmac('sha256', SECRET).update(head).digest('base64url')}`
}

/** What the preset says of a request with one header, and more. */
function connect(target: string, token: string, more: readonly [string, string][] = []) {
  const verifier = verifierOf('atlassian-connect', { secret: SECRET })
  const headers = [['Authorization', token], ...more].flat()
  const check = verifier.open(new Head('POST', target, headers), NOW)
  return typeof check === 'string' ? check : check.final([])
}

t.test('the hash of the canonical request covers method, path and query in one order', async t => {
  const cases: readonly (readonly [string, string])[] = [
    ['/in/jira', 'POST&/in/jira&'],
    ['/in/jira?b=2&a=1', 'POST&/in/jira&a=1&b=2'],
    ['/in/jira?a=2&a=10&a=1', 'POST&/in/jira&a=1,10,2'],
    ['/in/jira?jwt=left-out&q=a+b%20c%2Cd', 'POST&/in/jira&q=a%20b%20c%2Cd'],
    ["/in/jira?u=%C3%BC*'~", 'POST&/in/jira&u=%C3%BC%2A%27~'],
    ['/in/jira/', 'POST&/in/jira&'],
    ['/in/a&b', 'POST&/in/a%26b&'],
    ['/in/jira?empty', 'POST&/in/jira&empty='],
  ]
  for (const [target, canonical] of cases) {
    t.equal(connect(target, connectToken(canonical)), CLEAN, target)
    t.equal(connect(`${target}x`, connectToken(canonical)), 'signature_mismatch', `${target}x`)
  }
})

t.test(
  'a token that names no request, or one that tries to say the hash itself, is refused',
  async t => {
    const canonical = 'POST&/in/jira&'
    const token = connectToken(canonical, { qsh: 'context-qsh' })
    t.equal(connect('/in/jira', token), 'signature_mismatch')
    t.equal(connect('/in/jira', connectToken(canonical, { qsh: undefined })), 'signature_mismatch')
    t.equal(connect('/in/jira', token, [['Hookwarden-Qsh', 'context-qsh']]), 'signature_malformed')
  },
)

t.test('a detached signature is taken apart strictly', async t => {
  const { sender, verifier } = pair('truelayer')
  const genuine = request(sender, '{}')
  const [, signature = ''] = genuine.headers.find(([name]) => name === 'Tl-Signature') ?? []
  const [head = '', , bytes = ''] = signature.split('.')
  const fields = JSON.parse(Buffer.from(head, 'base64url').toString())
  const headed = (change: object) => `${url64({ ...fields, ...change })}..${bytes}`
  const cases: readonly (readonly [string, string, string | typeof CLEAN])[] = [
    ['as it came', signature, CLEAN],
    ['empty', '', 'signature_missing'],
    ['with its payload', `${head}.${url64({})}.${bytes}`, 'signature_malformed'],
    ['two parts', `${head}.${bytes}`, 'signature_malformed'],
    ['four parts', `${signature}.`, 'signature_malformed'],
    ['no JSON', `e30x..${bytes}`, 'signature_malformed'],
    ['padding', `${signature}=`, 'signature_malformed'],
    ['a shorter signature', signature.slice(0, -4), 'signature_mismatch'],
    ['a longer signature', `${signature}AAAA`, 'signature_malformed'],
    ['no algorithm', headed({ alg: 'none' }), 'signature_malformed'],
    ['another algorithm', headed({ alg: 'ES256' }), 'signature_malformed'],
    ['another version', headed({ tl_version: '1' }), 'signature_malformed'],
    ['an extension', headed({ crit: ['b64'] }), 'signature_malformed'],
    ['another key', headed({ kid: 'k2' }), 'signature_mismatch'],
    ['fewer headers', headed({ tl_headers: '' }), 'signature_mismatch'],
    ['a header that is not there', headed({ tl_headers: 'X-None' }), 'signature_missing'],
    ['too many headers', headed({ tl_headers: 'a,'.repeat(33) }), 'signature_malformed'],
    ['headers that are no text', headed({ tl_headers: ['a'] }), 'signature_malformed'],
  ]
  for (const [what, text, expected] of cases) {
    const headers = genuine.headers.map(([name, value]): readonly [string, string] =>
      name === 'Tl-Signature' ? [name, text] : [name, value],
    )
    t.equal(verdict(verifier, { ...genuine, headers }).verdict, expected, what)
  }
  t.match(
    verdict(verifier, genuine).proof,
    { secret: 'current', replay: /./ },
    'the body is signed',
  )
})

t.test('an event of Dropbox Sign passes in a plain form alone', async t => {
  const { sender, verifier } = pair('dropbox-sign')
  const genuine = request(sender, 'title')
  const [[name, type] = ['', '']] = genuine.headers
  const judge = (body: string, value: string = type) =>
    verdict(verifier, { ...genuine, headers: [[name, value]], body: Buffer.from(body) }).verdict
  const body = genuine.body.toString()
  t.equal(judge(body), CLEAN)
  t.equal(judge(body, 'application/json'), 'malformed_body')
  t.equal(judge(body.slice(0, -4)), 'malformed_body', 'cut')
  t.equal(judge(body.replace('name="json"', 'name="other"')), 'malformed_body')
  t.equal(judge(body.replace('name="json"', 'name="json"; filename="a"')), 'malformed_body')
  t.equal(
    judge(body.replace('signature_request_sent', 'signature_request_all')),
    'signature_mismatch',
  )
  t.equal(verdict(verifier, { ...genuine, headers: [] }).verdict, 'malformed_body', 'no type')
  t.equal(verdict(verifier, genuine).proof?.replay, undefined, 'the body is not signed')
})
