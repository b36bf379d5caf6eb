import t from 'tap'
import { bodyOf, deliver, head } from './failing.ts'
import { stage } from './stage.ts'

t.test('an answer of very many small chunks passes, and weighs on nothing', async t => {
  const warnings: Error[] = []
  const warned = (warning: Error) => warnings.push(warning)
  process.on('warning', warned)
  t.teardown(() => process.off('warning', warned))
  const count = 100_000
  const chunks = `${'5\r\nhello\r\n'.repeat(count)}0\r\n\r\n`
  const write = head('200 OK', 'Transfer-Encoding: chunked') + chunks
  const on = await stage(t, { recorder: { reaction: { write } } })
  const answer = await deliver(on, bodyOf())
  t.equal(answer?.text(), 'hello'.repeat(count))
  t.same(warnings, [], 'one listener waits for the sender, however much comes meanwhile')
})
