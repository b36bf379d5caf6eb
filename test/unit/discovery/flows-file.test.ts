import { chmodSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import t from 'tap'
import type { WebhookFlow } from '../../../src/discovery/flows.ts'
import {
  FLOWS_FILE,
  FlowsFile,
  keptFlows,
  readFlows,
  writeFlows,
} from '../../../src/discovery/flows-file.ts'

const flow: fc.Arbitrary<WebhookFlow> = fc.record({
  id: fc.uuid(),
  app: fc.stringMatching(/^[a-z0-9][a-z0-9_-]{0,55}$/),
  sync: fc.boolean(),
  published: fc.boolean(),
})
const ID = '0b6f0c1e-6b1f-4c57-9a53-4b0c7e1a2d11'
const github = { id: ID, app: 'github', sync: false, published: true }

t.test('what is written is read again, whatever the flows', async t => {
  fc.assert(
    fc.property(fc.array(flow), flows => {
      t.same(readFlows(writeFlows(flows)), flows)
    }),
    { numRuns: 50 },
  )
})

t.test('a text that was cut or changed holds nothing', async t => {
  const text = writeFlows([github, { ...github, sync: true }])
  t.equal(text, `hookwarden-flows 1 2\n${ID} github async published\n${ID} github sync published\n`)
  for (let end = 0; end < text.length; end++) t.equal(readFlows(text.slice(0, end)), undefined)
  for (const [from, to] of [
    ['1 2', '1 3'],
    ['1 2', '2 2'],
    ['github', 'GitHub'],
    ['async', 'maybe'],
    ['published', 'draft x'],
    [ID, 'x'],
  ] as const)
    t.equal(readFlows(text.replace(from, to)), undefined, to)
  t.equal(readFlows(''), undefined)
})

t.test('the last set is kept whole, for its owner alone, and nothing lies beside it', async t => {
  const folder = join(t.testdir(), 'made', 'here')
  const failures: unknown[] = []
  const file = new FlowsFile(folder, error => failures.push(error))
  t.equal(keptFlows(join(folder, FLOWS_FILE)), undefined)
  for (let n = 0; n < 5; n++) file.keep(Array.from({ length: n }, () => github))
  await file.settled()
  t.same(failures, [])
  t.equal(keptFlows(join(folder, FLOWS_FILE))?.length, 4)
  t.equal(statSync(join(folder, FLOWS_FILE)).mode & 0o777, 0o600)
  t.same(readdirSync(folder), [FLOWS_FILE])
  file.keep([])
  await file.settled()
  t.same(keptFlows(join(folder, FLOWS_FILE)), [])
})

t.test('where it cannot be kept, that is told and what was there stays', async t => {
  const folder = t.testdir({ [FLOWS_FILE]: { 'in-the-way': '' } })
  const failures: unknown[] = []
  const file = new FlowsFile(folder, error => failures.push(error))
  file.keep([github])
  await file.settled()
  t.equal(failures.length, 1)
  t.same(readdirSync(folder), [FLOWS_FILE], 'nothing is left beside it')
})

t.test('a file that holds something else is said to', async t => {
  const folder = t.testdir({ [FLOWS_FILE]: '{"flows":[]}' })
  t.throws(() => keptFlows(join(folder, FLOWS_FILE)), { message: /no flows of this version/ })
  writeFileSync(join(folder, FLOWS_FILE), 'x'.repeat(20_000_000))
  t.throws(() => keptFlows(join(folder, FLOWS_FILE)), { message: /no flows of this version/ })
  chmodSync(join(folder, FLOWS_FILE), 0o600)
  t.equal(readFileSync(join(folder, FLOWS_FILE)).length, 20_000_000)
})
