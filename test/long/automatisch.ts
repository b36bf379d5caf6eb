import { openSync, writeSync } from 'node:fs'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'

// An upstream in a process of its own, which can be killed and frozen. It writes down each delivery that it has whole,
// by id and by the id of the request, before it answers; and it misbehaves, more often than any real one.

const [, , port = '0', file = '', seed = '1'] = process.argv
const ledger = openSync(file, 'a')
const ALIVE = 'OK'

/** Numbers from 0 to 1 that are the same for the same seed (xorshift). */
function chance(from: number): () => number {
  let state = from >>> 0 || 1
  return () => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return (state >>> 0) / 2 ** 32
  }
}

const draw = chance(Number(seed) * 2654435761)

function take(request: IncomingMessage, answer: ServerResponse): void {
  const fate = draw()
  if (fate < 0.005) return void request.socket.resetAndDestroy() // before it is read
  const chunks: Buffer[] = []
  request.on('data', (chunk: Buffer) => chunks.push(chunk))
  request.on('end', () => {
    const { id } = JSON.parse(Buffer.concat(chunks).toString()) as { id: number }
    writeSync(ledger, `${id} ${request.headers['x-request-id']}\n`)
    if (fate < 0.01) return void request.socket.resetAndDestroy() // its answer is lost
    if (fate < 0.015) return void request.socket.end() // so is this one
    if (fate < 0.02) {
      answer.writeHead(200, { 'Content-Length': 9 })
      answer.write('half', () => request.socket.resetAndDestroy())
      return
    }
    setTimeout(() => answer.writeHead(204).end(), 1 + 4 * draw())
  })
}

const server = createServer((request, answer) => {
  if (request.url === '/healthcheck') answer.end(ALIVE)
  else take(request, answer)
})
server.on('clientError', (_, socket) => socket.destroy())
setInterval(() => server.closeIdleConnections(), 150)
server.listen(Number(port), '127.0.0.1', () => {
  const address = server.address()
  if (typeof address === 'object') process.send?.(address?.port)
})
process.on('disconnect', () => process.exit())
