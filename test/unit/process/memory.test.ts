import fc from 'fast-check'
import t from 'tap'
import { bufferedBeside, bufferedFor, connectionsWithin } from '../../../src/process/memory.ts'

const MEBI = 1024 ** 2

/** What may be held, and what is said, with so much memory. */
function held(memory: number | undefined, wanted = 64, body = 1, before?: number) {
  const said: unknown[] = []
  const log = { warn: (...line: unknown[]) => void said.push(line) }
  const map = mapOf(body, wanted)
  const given = memory === undefined ? undefined : memory * MEBI
  const most = bufferedFor(map, log, given, before === undefined ? undefined : before * MEBI)
  return { most: most / MEBI, said }
}

t.test('as many bytes of bodies are held as the memory of the container has room for', async t => {
  for (const [memory, most] of [
    [undefined, 64],
    [512, 64],
    [256, 64],
    [180, 56],
    [128, 21],
  ] as const)
    t.equal(held(memory).most, most, `${memory} MiB`)
  t.equal(held(180, 12).most, 12, 'what the map says, where that is less')
})

t.test('the largest body that is taken finds room, however little memory there is', async t => {
  t.equal(held(64).most, 8)
  t.equal(held(128, 64, 4).most, 32)
})

t.test('lowering is said, once, with what was wanted', async t => {
  t.same(held(256).said, [])
  t.same(held(128).said, [
    [
      'limits.buffered is lowered: too little memory is allowed',
      { wanted: '64MiB', buffered: '21MiB', memory: '128MiB' },
    ],
  ])
  t.same(held(128, 64, 1, 21).said, [], 'not again for what is so already')
  t.equal(held(128, 10, 1, 10).said.length, 0)
  t.equal(held(128, 64, 4, 21).said.length, 1, 'again where it becomes another')
})

/** A map whose largest body is of so many MiB. */
function mapOf(body: number, buffered = 64) {
  return {
    limits: { buffered: buffered * MEBI },
    providers: [{ limits: { body: 1024 } }, { limits: { body: body * MEBI } }],
  }
}

t.test('what open connections take is not there for bodies', async t => {
  const beside = (connections: number, memory: number | undefined) =>
    bufferedBeside(connections, 64 * MEBI, mapOf(1), memory && memory * MEBI) / MEBI
  t.equal(beside(2000, undefined), 64, 'where nothing bounds it')
  t.equal(beside(500, 256), 64)
  t.ok(Math.abs(beside(2000, 256) - 28.5) < 0.1)
  t.ok(beside(2000, 256) > beside(2001, 256))
  t.equal(beside(10_000, 256), 8, 'the largest body finds room all the same')
})

t.test('no more connections are open than the memory has room for', async t => {
  const said: unknown[] = []
  const log = { warn: (...line: unknown[]) => void said.push(line) }
  const open = (memory: number | undefined, wanted = 2000, body = 1) =>
    connectionsWithin(wanted, mapOf(body), log, memory && memory * MEBI)
  t.same([open(undefined), open(512), open(256), open(180, 900)], [2000, 2000, 2000, 900])
  t.same(said, [])
  t.equal(open(180), 1228)
  t.same(said, [
    [
      'limits.connections is lowered: too little memory is allowed',
      { wanted: 2000, connections: 1228, memory: '180MiB' },
    ],
  ])
  t.equal(open(64), 100)
  t.equal(open(256, 2000, 8), 1092, 'larger bodies leave fewer')
})

t.test(
  'the largest body finds room beside all connections, and where both fit they stay within the memory',
  async t => {
    const size = fc.integer({ min: 1, max: 2048 })
    fc.assert(
      fc.property(
        size,
        fc.integer({ min: 1, max: 40 }),
        size,
        fc.nat(5000),
        (memory, body, buffered, wanted) => {
          const map = mapOf(body, Math.max(buffered, 8 * body))
          const log = { warn() {} }
          const allowed = memory * MEBI
          const connections = connectionsWithin(wanted, map, log, allowed)
          const most = bufferedFor(map, log, allowed)
          const beside = bufferedBeside(connections, most, map, allowed)
          const room = beside >= 8 * body * MEBI && beside <= most
          const taken = 96 * MEBI + connections * 60 * 1024 + 1.5 * beside
          return room && (taken <= allowed || connections <= 100)
        },
      ),
    )
    t.pass('no counter-example')
  },
)
