import { fork } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import t from 'tap'
import { type ProcessOptions, startProcess } from '../support/process.ts'

/** What a Hookwarden was started with in the end, while it is the process that was started. */
async function startedWith(options: ProcessOptions): Promise<readonly string[]> {
  const { child } = await startProcess(t, options)
  return readFileSync(`/proc/${child.pid}/cmdline`, 'utf8').split('\0').slice(1, -1)
}

t.test(
  'however it is started, the young generation of V8 is small',
  { skip: process.platform !== 'linux' && 'there is no /proc' },
  async t => {
    const [first, second, ...more] = await startedWith({ node: ['--disable-sigusr1'] })
    t.equal(first, '--max-semi-space-size=4')
    t.equal(second, '--disable-sigusr1', 'what else Node was told is told again')
    t.match(more, [/hookwarden\.js$/, 'run', '--dev', '--config', /hookwarden\.yaml$/])
  },
)

t.test(
  'whoever chose its size has it so, by either way that Node is told',
  { skip: process.platform !== 'linux' && 'there is no /proc' },
  async t => {
    const byLine = await startedWith({ node: ['--max_semi_space_size=16'] })
    t.equal(byLine[0], '--max_semi_space_size=16')
    t.match(byLine[1], /hookwarden\.js$/)
    const byEnvironment = await startedWith({ env: { NODE_OPTIONS: '--max-semi-space-size=16' } })
    t.match(byEnvironment[0], /hookwarden\.js$/)
  },
)

t.test('a parent that speaks to it over a channel keeps the channel', async t => {
  const speaks = "process.once('beforeExit', () => process.send?.('still here'))"
  const child = fork('bin/hookwarden.js', ['run', '--help'], {
    execArgv: ['--import', `data:text/javascript,${speaks}`],
    silent: true,
  })
  const told: unknown[] = []
  child.on('message', message => told.push(message))
  await once(child, 'close')
  t.same(told, ['still here'])
})
