import t from 'tap'
import { Progress } from '../../../src/commands/progress.ts'
import { ManualClock } from '../../support/manual-clock.ts'

function watched(isTTY: boolean) {
  const clock = new ManualClock()
  const written: string[] = []
  const line = { isTTY, write: (text: string) => written.push(text) }
  return { clock, written, progress: new Progress('hookwarden doctor', clock, line) }
}

t.test('a terminal is told from the third second on, and left clean', async t => {
  const { clock, written, progress } = watched(true)
  clock.advance(1_900)
  t.same(written, [])
  clock.advance(2_100)
  t.same(written, [
    '\rhookwarden doctor: still at it, 2 s',
    '\rhookwarden doctor: still at it, 3 s',
    '\rhookwarden doctor: still at it, 4 s',
  ])
  progress.end()
  t.equal(written.at(-1), '\r\u001b[K')
  t.equal(clock.waiting, 0)
})

t.test('what is quick, or goes to a file, is told nothing', async t => {
  const quick = watched(true)
  quick.progress.end()
  const piped = watched(false)
  piped.clock.advance(60_000)
  piped.progress.end()
  t.same([...quick.written, ...piped.written], [])
  t.equal(quick.clock.waiting, 0)
})
