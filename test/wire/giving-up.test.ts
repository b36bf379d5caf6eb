import t from 'tap'
import { SECRETS, SIGNERS } from '../signers/signers.ts'
import { exchange, type Pieces, post } from '../support/sender.ts'
import { FLOW, type Stage, stage } from './stage.ts'

const MAP = `
providers:
  gitlab: { secret: env:GITLAB, path: /in/gitlab, to: flow:${FLOW} }
  typeform: { secret: env:TYPEFORM, path: /in/typeform, to: flow:7c1d9f0e-2f57-4f0a-9d7d-1f6b8d0c3e22 }
`
const ENV = { GITLAB: SECRETS.gitlab ?? '', TYPEFORM: SECRETS.typeform ?? '' }

function signed(name: string, body: string, sent = body): Pieces {
  const headers = SIGNERS[name]?.(Buffer.from(body), SECRETS[name] ?? '', 0) ?? []
  return post({
    target: `/in/${name}`,
    headers: [['Content-Type', 'application/json'], ...headers],
    body: sent,
  })
}

const failing = async (on: Stage, name: string) =>
  (await on.hookwarden.metrics()).get(
    `hookwarden_provider_consecutive_failures{provider="${name}"}`,
  )

t.test('failures in a row are counted as the sender sees them, and end with a success', async t => {
  const on = await stage(t, { map: MAP, env: ENV })
  const send = async (bytes: Pieces) => (await exchange(on.port, bytes))?.status
  t.equal(await failing(on, 'gitlab'), 0)
  const wrong = post({
    target: '/in/gitlab',
    headers: [
      ['Content-Type', 'application/json'],
      ['X-Gitlab-Token', 'x'.repeat(20)],
    ],
    body: '{}',
  })
  t.equal(await send(wrong), 401)
  on.recorder.react({ write: 'HTTP/1.1 500 Oh\r\nContent-Length: 0\r\n\r\n' })
  t.equal(await send(signed('gitlab', '{"n":1}')), 500)
  on.recorder.react(undefined)
  t.equal(await failing(on, 'gitlab'), 2)
  const unsigned = post({
    target: '/in/gitlab',
    headers: [['Content-Type', 'application/json']],
    body: '{}',
  })
  t.equal(await send(unsigned), 401)
  t.equal(await failing(on, 'gitlab'), 2, 'whoever brings no claim is not the sender')
  t.equal(await send(signed('gitlab', '{"n":2}')), 204)
  t.equal(await failing(on, 'gitlab'), 0)
  const series = await on.hookwarden.metrics()
  t.equal(series.get('hookwarden_provider_failure_limit{provider="gitlab"}'), 4)
  t.equal(series.has('hookwarden_provider_failure_limit{provider="typeform"}'), false)
})

t.test(
  'a sender that repeats after 503 alone is told 503 when the upstream breaks off',
  async t => {
    const on = await stage(t, { map: MAP, env: ENV })
    on.recorder.react({ after: 'reset' })
    const told = await exchange(on.port, signed('typeform', '{"n":1}'))
    t.equal(told?.status, 503)
    t.equal(told?.header('retry-after'), '5')
    t.equal((await exchange(on.port, signed('gitlab', '{"n":1}')))?.status, 502)
    on.clock.advance(100)
    const [line] = on.hookwarden.lines.filter(({ provider }) => provider === 'typeform')
    t.match(line, { reason: 'upstream_error', status: 503 })
  },
)
