import { createServer } from 'node:http'

// An upstream in a process of its own that answers 204, or with as many bytes as it is asked for.

const server = createServer((request, answer) => {
  request.resume()
  request.on('end', () => {
    const bytes = Number(request.headers['x-answer-bytes'] ?? 0)
    if (bytes === 0) answer.writeHead(204).end()
    else answer.end(Buffer.alloc(bytes))
  })
})
server.keepAliveTimeout = 60_000
server.listen({ port: 0, host: '127.0.0.1', backlog: 4096 }, () => {
  const address = server.address()
  if (typeof address === 'object') process.send?.(address?.port)
})
process.on('disconnect', () => process.exit())
