import { createHmac, randomUUID } from 'node:crypto'
import { connect, type TLSSocket } from 'node:tls'

/** Where deliveries go and what signs them. */
export interface Target {
  readonly port: number
  readonly path: string
  readonly secret: string
}

/** A genuine delivery with a body of its own, as GitHub sends it. */
export function genuineDelivery({ path, secret }: Target, bytes: number): Buffer {
  const body = Buffer.alloc(bytes, 'abcdefghijklmnopqrstuvwxyz ')
  body.write(`{"id":"${randomUUID()}","text":"`)
  body.write('"}', bytes - 2)
  const mac = createHmac('sha256', secret).update(body).digest('hex')
  const head =
    `POST ${path} HTTP/1.1\r\nHost: hooks.example.com\r\nContent-Type: application/json\r\n` +
    `Content-Length: ${bytes}\r\nX-GitHub-Event: push\r\nX-Hub-Signature-256: sha256=${mac}\r\n\r\n`
  return Buffer.concat([Buffer.from(head), body])
}

/** Opens a TLS connection; resolves with undefined where it is refused. */
export function dial(port: number, localAddress: string): Promise<TLSSocket | undefined> {
  return new Promise(resolve => {
    const options = {
      host: '127.0.0.1',
      port,
      localAddress,
      servername: 'localhost',
      ALPNProtocols: ['http/1.1'],
      rejectUnauthorized: false,
    }
    const socket = connect(options)
    socket.setNoDelay(true)
    socket.once('secureConnect', () => resolve(socket))
    socket.on('error', () => socket.destroy())
    socket.once('close', () => resolve(undefined))
  })
}

/** Status of the first answer in `text`; undefined while it is not whole. */
export function statusIn(text: string): number | undefined {
  const end = text.indexOf('\r\n\r\n')
  if (end === -1) return undefined
  const length = Number(/\r\ncontent-length: (?<length>\d+)\r\n/i.exec(text)?.groups?.length ?? 0)
  return text.length >= end + 4 + length ? Number(text.slice(9, 12)) : undefined
}

/** The value that `share` of all are not above. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.ceil(sorted.length * share) - 1] ?? 0
}
