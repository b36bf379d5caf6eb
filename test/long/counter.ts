import { createServer } from 'node:http'
import { at } from './instant.ts'

// An upstream in a process of its own, so that it is not late when a sender is. It takes every delivery, remembers when it
// came and with which id, and answers at once; the first that comes with `"hold":true` is never answered.

/** A delivery that came: its id, and when, by `at`. */
export type Arrival = readonly [id: number, came: number]

/** What came, and how late its process was with something. */
export interface Came {
  readonly arrivals: readonly Arrival[]
  readonly late: number
}

let arrivals: Arrival[] = []
/** How much later than it should a timer of this process was at most, in milliseconds. */
let late = 0
const held = new Set<number>()

const server = createServer((request, answer) => {
  if (request.url === '/healthcheck') return void answer.end('OK')
  const came = at()
  const chunks: Buffer[] = []
  request.on('data', (chunk: Buffer) => chunks.push(chunk))
  request.on('end', () => {
    const { id, hold } = JSON.parse(Buffer.concat(chunks).toString()) as {
      readonly id: number
      readonly hold?: boolean
    }
    arrivals.push([id, came])
    if (hold === true && !held.has(id)) held.add(id)
    else answer.writeHead(204).end()
  })
})
server.keepAliveTimeout = 60_000
server.listen(0, '127.0.0.1', () => {
  const address = server.address()
  if (typeof address === 'object') process.send?.(address?.port)
})
const EVERY = 10
let due = at() + EVERY
setInterval(() => {
  late = Math.max(late, at() - due)
  due = at() + EVERY
}, EVERY)
/** Whatever it is asked: what came since it was asked last. */
process.on('message', () => {
  process.send?.({ arrivals, late } satisfies Came)
  arrivals = []
  late = 0
})
process.on('disconnect', () => process.exit())
