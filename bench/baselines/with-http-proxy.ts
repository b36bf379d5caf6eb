import { Agent, type IncomingMessage, type ServerResponse } from 'node:http'
import { Readable } from 'node:stream'
import httpProxy from 'http-proxy-1'
import { CONNECTIONS, UPSTREAM } from './terms.ts'

/** http-proxy 1.18.1 over kept-alive upstream connections; `body` where it was read before, else it streams. */
export function forwarding(): (
  request: IncomingMessage,
  response: ServerResponse,
  body?: Buffer,
) => void {
  const proxy = httpProxy.createProxyServer({
    target: UPSTREAM,
    agent: new Agent({ keepAlive: true, maxSockets: CONNECTIONS }),
  })
  proxy.on('error', (_error, _request, response) => {
    if (!response.headersSent) response.writeHead(502)
    response.end()
  })
  return (request, response, body) =>
    proxy.web(request, response, body === undefined ? {} : { buffer: Readable.from([body]) })
}
