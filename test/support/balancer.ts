import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'
import type { Millis } from '../../src/units.ts'

/** What a balancer knows of one replica. */
interface Backend {
  readonly port: number
  /** Whether it says that it is ready; rejects where nobody answers. */
  ready(): Promise<boolean>
}

export interface BalancerOptions {
  /** How often it asks each replica. */
  readonly every: Millis
  /** How long it goes on with one that is not ready any more. */
  readonly notices: Millis
}

/** A balancer of TCP as they are: in turn, blind to what is said, and late to notice. It never tries a second replica. */
export interface Balancer {
  readonly port: number
  /** Replicas that new connections go to now. */
  readonly inTurn: readonly number[]
  /** Asks for one more from now on; takes it in when it is ready. */
  add(backend: Backend): void
  close(): Promise<void>
}

/** Starts one on a free port of loopback. */
export async function startBalancer({ every, notices }: BalancerOptions): Promise<Balancer> {
  const known = new Map<Backend, { live: boolean; unready: Millis | undefined }>()
  const sockets = new Set<Socket>()
  let turn = 0
  let open = true
  const inTurn = () => [...known].filter(([, { live }]) => live).map(([{ port }]) => port)
  const server = createServer({ allowHalfOpen: true }, sender => {
    const ports = inTurn()
    const port = ports[turn++ % ports.length]
    if (port === undefined) return sender.destroy()
    const replica = connect({ port, host: '127.0.0.1', allowHalfOpen: true })
    for (const [one, other] of [
      [sender, replica],
      [replica, sender],
    ] as const) {
      sockets.add(one)
      one.on('error', () => other.destroy())
      one.on('close', () => {
        sockets.delete(one)
        other.destroySoon()
      })
      one.pipe(other)
    }
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))

  const look = async (backend: Backend): Promise<void> => {
    const state = known.get(backend)
    if (state === undefined) return
    const ready = await backend.ready().catch(() => false)
    if (ready) {
      state.live = true
      state.unready = undefined
    } else if (state.live) {
      state.unready ??= performance.now()
      if (performance.now() - state.unready >= notices) known.delete(backend)
    }
  }
  const watching = (async () => {
    while (open) {
      await Promise.all([...known.keys()].map(look))
      await pause(every)
    }
  })()

  return {
    port: (server.address() as AddressInfo).port,
    get inTurn() {
      return inTurn()
    },
    add(backend) {
      known.set(backend, { live: false, unready: undefined })
    },
    async close() {
      open = false
      await watching
      for (const socket of sockets) socket.destroy()
      await new Promise(resolve => server.close(resolve))
    },
  }
}
