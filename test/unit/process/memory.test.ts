import t from 'tap'
import { bufferedFor } from '../../../src/process/memory.ts'

const MEBI = 1024 ** 2

/** What may be held, and what is said, with so much memory. */
function held(memory: number | undefined, wanted = 64, body = 1, before?: number) {
  const said: unknown[] = []
  const log = { warn: (...line: unknown[]) => void said.push(line) }
  const map = {
    limits: { buffered: wanted * MEBI },
    providers: [{ limits: { body: 1024 } }, { limits: { body: body * MEBI } }],
  }
  const given = memory === undefined ? undefined : memory * MEBI
  const most = bufferedFor(map, log, before === undefined ? undefined : before * MEBI, given)
  return { most: most / MEBI, said }
}

t.test('as many bytes of bodies are held as the memory of the container has room for', async t => {
  for (const [memory, most] of [
    [4096, 64],
    [512, 64],
    [384, 41],
    [256, 16],
  ] as const)
    t.equal(held(memory).most, most, `${memory} MiB`)
  t.equal(held(256, 12).most, 12, 'what the map says, where that is less')
})

t.test('the largest body that is taken finds room, however little memory there is', async t => {
  t.equal(held(64).most, 8)
  t.equal(held(256, 64, 4).most, 32)
})

t.test('lowering is said, once, with what was wanted', async t => {
  t.same(held(512).said, [])
  t.same(held(256).said, [
    [
      'limits.buffered is lowered: too little memory is allowed',
      { wanted: '64MiB', buffered: '16MiB', memory: '256MiB' },
    ],
  ])
  t.same(held(256, 64, 1, 16).said, [], 'not again for what is so already')
  t.equal(held(256, 32, 1, 16).said.length, 0)
  t.equal(held(256, 64, 4, 16).said.length, 1, 'again where it becomes another')
})
