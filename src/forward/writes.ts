import type { Socket } from 'node:net'
import type { buildConnector } from 'undici'

/** Memory that a body lies in, and who has to know while it is being written. */
export interface Lending {
  /** The exchange is over: no further write may begin. */
  readonly over: boolean
  begun(): void
  /** The system has taken the bytes, or never will. */
  ended(): void
}

const kLending: unique symbol = Symbol('lending')
type Tracked = Buffer & { [kLending]?: Lending }

/** Has every write of `chunk` to a connection of `trackWrites` told to `lending`. */
export function tracked(chunk: Uint8Array, lending: Lending): Buffer {
  const { buffer, byteOffset, byteLength } = chunk
  const view: Tracked = Buffer.from(buffer as ArrayBuffer, byteOffset, byteLength)
  view[kLending] = lending
  return view
}

/** Chunks one by one, as long as the exchange is not over: an unfinished body cuts its connection. */
export function* chunksOf(chunks: readonly Uint8Array[], lending: Lending): Generator<Buffer> {
  for (const chunk of chunks) {
    if (lending.over) return
    yield tracked(chunk, lending)
  }
}

/**
 * Wraps a connector so that its sockets tell when they are done with a tracked chunk. undici itself says only that it
 * has called `write`; what the system does not take at once waits in the socket.
 */
export function trackWrites(connector: buildConnector.connector): buildConnector.connector {
  return (options, told) =>
    connector(options, (...result: Parameters<buildConnector.Callback>) => {
      const [failed, socket] = result
      if (failed === null && socket !== null) track(socket)
      told(...result)
    })
}

function track(socket: Socket): void {
  const write = socket.write as (...args: unknown[]) => boolean
  socket.write = function tell(chunk: Tracked | string, ...rest: unknown[]): boolean {
    const lending = typeof chunk === 'string' ? undefined : chunk[kLending]
    if (lending === undefined || rest.length > 0) return write.call(socket, chunk, ...rest)
    lending.begun()
    return write.call(socket, chunk, () => lending.ended())
  } as Socket['write']
}
