/**
 * The practical lower bound of Node: bare node:https, one class, the MAC while reading, undici, nothing else.
 * No routing, no limits, no replay memory, no log line, no metrics.
 */
import { createHmac, type Hmac, timingSafeEqual } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { createServer } from 'node:https'
import { type Dispatcher, Pool } from 'undici'
import { announce, CONNECTIONS, MAX_BODY, SECRET, SIGNATURE, tls, UPSTREAM } from './terms.ts'

const pool = new Pool(UPSTREAM, { connections: CONNECTIONS, pipelining: 1 })
const REFUSAL = '{"error":"signature"}'
const OWN_HEADERS = new Set([
  'connection',
  'keep-alive',
  'transfer-encoding',
  'content-length',
  'host',
])

class Delivery implements Dispatcher.DispatchHandler {
  readonly #request: IncomingMessage
  readonly #response: ServerResponse
  readonly #mac: Hmac = createHmac('sha256', SECRET)
  readonly #claim: Buffer
  readonly #chunks: Buffer[] = []
  #size = 0

  constructor(request: IncomingMessage, response: ServerResponse, claim: Buffer) {
    this.#request = request
    this.#response = response
    this.#claim = claim
    request.on('data', (chunk: Buffer) => this.#data(chunk))
    request.on('end', () => this.#end())
  }

  #data(chunk: Buffer): void {
    this.#size += chunk.length
    if (this.#size > MAX_BODY) return
    this.#mac.update(chunk)
    this.#chunks.push(chunk)
  }

  #end(): void {
    const mac = this.#mac.digest()
    if (this.#size > MAX_BODY) refuse(this.#response, 413)
    else if (mac.length !== this.#claim.length) refuse(this.#response, 401)
    else if (!timingSafeEqual(mac, this.#claim)) refuse(this.#response, 401)
    else this.#forward()
  }

  #forward(): void {
    const [only] = this.#chunks
    const { method = 'POST', url: path = '/', rawHeaders } = this.#request
    const headers: string[] = []
    for (let i = 0; i < rawHeaders.length; i += 2) {
      const name = rawHeaders[i] as string
      if (!OWN_HEADERS.has(name.toLowerCase())) headers.push(name, rawHeaders[i + 1] as string)
    }
    const body = this.#chunks.length === 1 && only ? only : Buffer.concat(this.#chunks, this.#size)
    pool.dispatch({ path, method: method as 'POST', headers, body }, this)
  }

  onRequestStart(): void {}

  onResponseStart(
    _: Dispatcher.DispatchController,
    status: number,
    received: Record<string, string | string[] | undefined>,
  ): void {
    const headers: Record<string, string | string[]> = {}
    for (const name in received) {
      const value = received[name]
      if (value !== undefined && (name === 'content-length' || !OWN_HEADERS.has(name))) {
        headers[name] = value
      }
    }
    this.#response.writeHead(status, headers)
  }

  onResponseData(_: Dispatcher.DispatchController, chunk: Buffer): void {
    this.#response.write(chunk)
  }

  onResponseEnd(): void {
    this.#response.end()
  }

  onResponseError(): void {
    if (this.#response.headersSent) this.#response.destroy()
    else refuse(this.#response, 502)
  }
}

function refuse(response: ServerResponse, status: number): void {
  response.writeHead(status, {
    'content-type': 'application/json',
    'content-length': REFUSAL.length,
  })
  response.end(REFUSAL)
}

const server = createServer(tls(), (request, response) => {
  const claim = request.headers[SIGNATURE]
  if (Number(request.headers['content-length']) > MAX_BODY) return refuse(response, 413)
  if (typeof claim !== 'string' || !claim.startsWith('sha256=')) return refuse(response, 401)
  new Delivery(request, response, Buffer.from(claim.slice(7), 'hex'))
})
announce(server)
