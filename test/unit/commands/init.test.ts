import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { type FirstMap, writeMap } from '../../../src/commands/first-map.ts'
import { command, senderOf, write } from '../../../src/commands/init.ts'
import { asked } from '../../../src/commands/init-questions.ts'
import { flawsOf } from '../../../src/commands/map.ts'
import type { Terminal } from '../../../src/commands/terminal.ts'
import { loadMap } from '../../../src/config/load.ts'
import { PRESETS } from '../../../src/presets/presets.ts'

const FLOW = '0b6f0c1e-6b1f-4c57-9a53-4b0c7e1a2d11'
const LEAST: FirstMap = {
  upstream: 'http://127.0.0.1:3000',
  tls: undefined,
  senders: [],
  entries: '',
}
const quiet = (said: string[] = []): Terminal => ({
  out: text => said.push(text),
  err: text => said.push(text),
  paint: (_, text) => text,
})

t.test(
  'what is written is sound and holds what was asked for, for every sender with a secret alone',
  async t => {
    let sound = 0
    for (const name of Object.keys(PRESETS)) {
      const text = writeMap({ ...LEAST, senders: [senderOf(`${name}=${FLOW}`)] })
      const { settings, issues } = loadMap(text, { file: 'a', dev: true, compileScheme: flawsOf })
      if (settings === undefined)
        t.ok(
          issues.every(({ path }) => path.startsWith('providers.')),
          name,
        )
      else sound++
      if (settings !== undefined)
        t.same(
          settings.providers.map(one => one.preset),
          [name],
        )
    }
    t.ok(sound > 120, `${sound} senders need nothing but their secret`)
  },
)

t.test('certificates are served where they were given', async t => {
  const tls = { cert: '/run/tls/a b.crt', key: '/run/tls/a.key' }
  const text = writeMap({ ...LEAST, tls, senders: [senderOf(`github=${FLOW}`)] })
  const { settings } = loadMap(text, { file: 'a', dev: false, compileScheme: flawsOf })
  t.same(settings?.listen.tls, [tls])
})

t.test('an unsound map is not written, and no file is written over unless told to', async t => {
  const config = join(t.testdir({}), 'map.yaml')
  const said: string[] = []
  const unsound = { ...LEAST, upstream: 'nowhere', senders: [senderOf(`github=${FLOW}`)] }
  t.equal(write(unsound, { config, json: false }, quiet(said)), 1)
  t.match(said.join('\n'), /upstream.*expected an origin/)
  t.notOk(existsSync(config))
  writeFileSync(config, 'mine')
  await t.rejects(command.main(['--config', config, '--sender', `github=${FLOW}`]), {
    code: 'exists',
  })
  t.equal(readFileSync(config, 'utf8'), 'mine')
  t.throws(() => senderOf(`githup=${FLOW}`), { message: /did you mean 'github'/ })
  t.throws(() => senderOf('github'), { message: /NAME=FLOW/ })
})

t.test('questions are asked until they have an answer that can be taken', async t => {
  const answers = [
    '',
    'githup',
    '',
    'github',
    'no id',
    FLOW,
    '',
    'stripe',
    FLOW,
    'file:/run/s',
    '',
    'a.crt',
    '',
  ]
  const questions: string[] = []
  const map = await asked(LEAST, async (question, usual) => {
    questions.push(question)
    return answers.shift() || usual
  })
  t.same(answers, [])
  t.same(map, {
    upstream: 'http://127.0.0.1:3000',
    tls: { cert: 'a.crt', key: 'a.key' },
    senders: [
      { name: 'github', flow: FLOW, secret: 'env:GITHUB_SECRET' },
      { name: 'stripe', flow: FLOW, secret: 'file:/run/s' },
    ],
    entries: '',
  })
  t.match(questions.join('\n'), "Did you mean 'github'?")
})
