import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { Worker } from 'node:worker_threads'

/** An upstream that nobody reaches: its system takes no more connections until it is released. */
export interface FullBacklog {
  readonly port: number
  /** Request lines of what came since it was released. */
  readonly lines: readonly string[]
  /** From here on it answers 204. */
  release(): void
  close(): Promise<unknown>
}

// listens with a short queue and does not look at it, because its thread waits
const LISTENER = `
const { parentPort, workerData } = require('node:worker_threads')
const server = require('node:net').createServer(socket => {
  socket.on('error', () => socket.destroy())
  socket.on('data', chunk => {
    parentPort.postMessage(String(chunk).split('\\r\\n')[0])
    socket.write('HTTP/1.1 204 No Content\\r\\n\\r\\n')
  })
})
server.listen({ port: 0, host: '127.0.0.1', backlog: 1 }, () => {
  parentPort.postMessage(server.address().port)
  Atomics.wait(workerData, 0, 0)
})
`

/** Starts one, and fills its queue. */
export async function startFullBacklog(): Promise<FullBacklog> {
  const gate = new Int32Array(new SharedArrayBuffer(4))
  const worker = new Worker(LISTENER, { eval: true, workerData: gate })
  const [port] = (await once(worker, 'message')) as [number]
  const lines: string[] = []
  worker.on('message', line => lines.push(String(line)))
  const sockets: Socket[] = []
  const fits = (): Promise<boolean> => {
    const socket = connect(port, '127.0.0.1')
    sockets.push(socket)
    socket.on('error', () => socket.destroy())
    return new Promise(resolve => {
      socket.once('connect', () => resolve(true))
      setTimeout(() => resolve(false), 100) // the system is asked, and answers at once or not at all
    })
  }
  for (let refused = 0; refused < 3; ) refused = (await fits()) ? 0 : refused + 1 // a busy system answers late as well
  const clear = () => {
    for (const socket of sockets.splice(0)) socket.destroy()
  }
  return {
    port,
    lines,
    release() {
      clear()
      Atomics.store(gate, 0, 1)
      Atomics.notify(gate, 0)
    },
    close() {
      clear()
      return worker.terminate()
    },
  }
}
