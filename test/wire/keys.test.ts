import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { PINS_FILE, pinOf, writePins } from '../../src/keys/pins.ts'
import { seal } from '../../src/secrets/seal.ts'
import { makeSealingKey, readPublicHalf } from '../../src/secrets/sealing-key.ts'
import { SECRETS } from '../signers/signers.ts'
import { exchange } from '../support/sender.ts'
import { FLOW, GITHUB, genuine, STRIPE, stage } from './stage.ts'

const OTHER_FLOW = FLOW.replace('0', '1')

t.test(
  'keys in secret management: a sealed secret proves deliveries as the secret does',
  async t => {
    const { publicText, privateText } = makeSealingKey()
    const key = readPublicHalf(publicText)
    const sealed = (secret: string) =>
      typeof key === 'string' ? key : `sealed:${seal(Buffer.from(secret), key)}`
    const other = sealed('0123456789abcdef').replace(/.{8}$/, 'AAAAAAAA')
    const { port, recorder, hookwarden } = await stage(t, {
      env: { HOOKWARDEN_SEAL_KEY: privateText },
      map: `
providers:
  github: { secret: '${sealed(SECRETS.github ?? '')}', flows: [${FLOW}] }
  stripe: { secret: '${other}', path: ${STRIPE}, to: flow:${OTHER_FLOW} }
`,
    })
    const send = async (preset: string, path: string, sent?: string) => {
      const answer = await exchange(port, genuine(preset, path, '{"a":1}', sent ? { sent } : {}))
      return answer?.status
    }
    t.equal(await send('github', GITHUB), 204)
    t.equal(await send('github', GITHUB, '{"a":2}'), 401)
    t.equal(await send('stripe', STRIPE), 503, 'what does not open stops its own provider alone')
    t.equal(recorder.requests.length, 1)
    await hookwarden.service.log.flush()
    const told = hookwarden.lines.find(({ problem }) => problem !== undefined)
    t.match(told, {
      provider: 'stripe',
      problem: 'sealed:…AAAAAAAA was changed after it was sealed',
    })
    t.notMatch(JSON.stringify(hookwarden.lines), privateText)
  },
)

t.test('a pinned key that changed shows in a gauge, and deliveries are served', async t => {
  const state = t.testdir()
  const pins = {
    ENCRYPTION_KEY: await pinOf(
      Buffer.from('not at hand here'),
      'env:ENCRYPTION_KEY',
      '2026-11-25',
    ),
    WEBHOOK_SECRET_KEY: await pinOf(Buffer.from('the old one'), 'env:GITHUB', '2026-11-25'),
  }
  writeFileSync(join(state, PINS_FILE), writePins(pins))
  const { hookwarden, until, port } = await stage(t, {
    map: `
state: ${JSON.stringify(state)}
providers:
  github: { secret: env:GITHUB, flows: [${FLOW}] }
`,
  })
  const gauge = async (key: string) =>
    (await hookwarden.metrics()).get(`hookwarden_key_changed{key="${key}"}`)
  await until(async () => (await gauge('WEBHOOK_SECRET_KEY')) === 1)
  t.equal(await gauge('ENCRYPTION_KEY'), 0)
  t.equal(await gauge('APP_SECRET_KEY'), undefined, 'only what was pinned')
  t.equal((await exchange(port, genuine('github', GITHUB, '{}')))?.status, 204)
})
