import t from 'tap'
import type { Settings } from '../../../src/config/settings.ts'
import { Room } from '../../../src/process/room.ts'
import type { Log } from '../../../src/report/log.ts'

const MEBI = 1024 ** 2

/** What of a map it depends on; sizes in MiB. */
function mapOf(body: number, connections: number, buffered = 64): Settings {
  const limits = { buffered: buffered * MEBI, connections }
  return { limits, providers: [{ limits: { body: body * MEBI } }] } as unknown as Settings
}

t.test('what a map wants is followed by a reload, and lowering is said once', async t => {
  const said: unknown[] = []
  const log = { warn: (message: string) => void said.push(message.split(' ')[0]) } as Log
  const room = new Room(mapOf(1, 400), log, 144 * MEBI)
  t.same([room.connections, room.bodiesBeside(0) / MEBI, said], [400, 32, ['limits.buffered']])
  room.use(mapOf(1, 400))
  t.equal(said.length, 1, 'nothing is said of what is as it was')
  room.use(mapOf(3, 400))
  t.equal(room.connections, 204, 'room is kept for larger bodies')
  t.equal(Math.floor(room.bodiesBeside(204) / MEBI), 24)
  t.same(said.slice(1), ['limits.connections'])
  room.use(mapOf(1, 200))
  t.same([room.connections, said.length], [200, 2])
  room.use(mapOf(1, 200, 16))
  t.same([room.bodiesBeside(0) / MEBI, said.length], [16, 2])
})

t.test('how much is in use is told of bodies and connections together', async t => {
  const room = new Room(mapOf(1, 1024, 60), {} as Log, undefined) // 60 MiB each
  t.same([room.taken(0, 0), room.taken(30 * MEBI, 0), room.taken(0, 512)], [0, 0.25, 0.25])
  t.equal(room.taken(60 * MEBI, 1024), 1)
})
