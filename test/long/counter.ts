import { createServer } from 'node:http'

// An upstream in a process of its own, so that it is not late when a sender is. It takes every delivery, remembers when it
// came and with which id, and answers at once; the first that comes with `"hold":true` is never answered.

/** A delivery that came: its id, and when, in milliseconds of this process's clock. */
export type Arrival = readonly [id: number, at: number]

let arrivals: Arrival[] = []
const held = new Set<number>()

const server = createServer((request, answer) => {
  if (request.url === '/healthcheck') return void answer.end('OK')
  const at = performance.now()
  const chunks: Buffer[] = []
  request.on('data', (chunk: Buffer) => chunks.push(chunk))
  request.on('end', () => {
    const { id, hold } = JSON.parse(Buffer.concat(chunks).toString()) as {
      readonly id: number
      readonly hold?: boolean
    }
    arrivals.push([id, at])
    if (hold === true && !held.has(id)) held.add(id)
    else answer.writeHead(204).end()
  })
})
server.keepAliveTimeout = 60_000
server.listen(0, '127.0.0.1', () => {
  const address = server.address()
  if (typeof address === 'object') process.send?.(address?.port)
})
/** Whatever it is asked: what came since it was asked last. */
process.on('message', () => {
  process.send?.(arrivals)
  arrivals = []
})
process.on('disconnect', () => process.exit())
