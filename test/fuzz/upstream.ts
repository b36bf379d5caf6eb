import { createServer, type Socket } from 'node:net'
import { MessageReader } from '../support/message.ts'
import type { Oracle } from './oracle.ts'

/** An upstream that shows every request to the oracle and answers 204. Raw bytes, on node:net alone. */
export async function startUpstream(
  oracle: Oracle,
  report: (fault: string) => void,
): Promise<{ readonly port: number; close(): Promise<void> }> {
  const sockets = new Set<Socket>()
  const server = createServer({ noDelay: true }, socket => {
    sockets.add(socket)
    const reader = new MessageReader('request', {
      end: message => {
        if (message.line !== 'GET /healthcheck HTTP/1.1') oracle.see(message)
        socket.write('HTTP/1.1 204 No Content\r\n\r\n')
      },
      fault: why => {
        report(`upstream: ${why}`)
        socket.destroy()
      },
    })
    socket.on('data', (chunk: Buffer) => reader.push(chunk))
    socket.on('end', () => {
      if (reader.midway) report('upstream: a request that was cut')
      socket.end()
    })
    socket.on('error', () => socket.destroy())
    socket.on('close', () => sockets.delete(socket))
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', () => resolve()))
  const address = server.address()
  return {
    port: typeof address === 'object' && address !== null ? address.port : 0,
    close: () =>
      new Promise(resolve => {
        server.close(() => resolve())
        for (const socket of sockets) socket.destroy()
      }),
  }
}
