/** node:https and http-proxy 1.18.1 with the whole body in one buffer. */
import { createServer } from 'node:https'
import { announce, isGenuine, MAX_BODY, SIGNATURE, tls } from './terms.ts'
import { forwarding } from './with-http-proxy.ts'

const forward = forwarding()

const server = createServer(tls(), (request, response) => {
  const chunks: Buffer[] = []
  let size = 0
  request.on('data', (chunk: Buffer) => {
    size += chunk.length
    if (size <= MAX_BODY) chunks.push(chunk)
  })
  request.on('end', () => {
    const body = Buffer.concat(chunks)
    if (size <= MAX_BODY && isGenuine(request.headers[SIGNATURE], body)) {
      return forward(request, response, body)
    }
    response.writeHead(size > MAX_BODY ? 413 : 401, { 'content-type': 'application/json' })
    response.end('{"error":"signature"}')
  })
})
announce(server)
