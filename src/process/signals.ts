import type { Clock } from '../clock.ts'
import type { Millis } from '../units.ts'
import type { Service } from './serve.ts'

/** What a process that hit a bug of ours exits with. */
const BUG = 70
/** What is in flight when a bug shows may take so long to finish; nothing new is taken. */
const LAST_SECOND = { settle: 0, within: 1000 } as const
/** A process that hit a bug is gone by then, whatever else goes wrong: a second of draining, one for the log. */
const GONE: Millis = 2500

/** What a life is lived with. */
interface Living {
  readonly clock: Clock
  start(): Promise<Service>
  /** Where a bug is told while there is no log. */
  tell(text: string): void
}

/**
 * Starts a service and keeps it until it is told to stop. Reads the map again on SIGHUP. Drains on SIGTERM and SIGINT, ends at
 * once on the second one.
 * After a bug of ours nothing goes on as if nothing had been: what is in flight is finished, and the process ends.
 * Resolves with the exit code; throws what `start` throws.
 */
export async function live({ clock, start, tell }: Living): Promise<number> {
  let service: Service | undefined
  let broken = false
  process.on('uncaughtException', (error: unknown) => {
    const stack = error instanceof Error ? (error.stack ?? error.message) : String(error)
    if (broken || service === undefined) {
      tell(`a bug in hookwarden: ${stack}`)
      process.exit(BUG)
    }
    broken = true
    clock.after(GONE, process.exit, BUG)
    service.log.error('a bug in hookwarden: it finishes what is in flight and ends', { stack })
    void service.drain(LAST_SECOND).then(() => process.exit(BUG))
  })
  let hungUp = false
  process.on('SIGHUP', () => {
    hungUp = true // while it starts, too: it must not end it
    service?.reload()
  })
  service = await start()
  if (hungUp) service.reload()
  return untilStopped(service)
}

function untilStopped(service: Service): Promise<number> {
  return new Promise(resolve => {
    let asked = false
    const stop = (): void => {
      if (asked) process.exit(1)
      asked = true
      void service.drain().then(cut => resolve(cut === 0 ? 0 : 1))
    }
    process.on('SIGTERM', stop)
    process.on('SIGINT', stop)
  })
}
