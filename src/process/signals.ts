import type { Service } from './serve.ts'

/** What a process that hit a bug of ours exits with. */
const BUG = 70

/** Drains on SIGTERM and SIGINT, ends at once on the second one. Resolves with the exit code. */
export function untilStopped(service: Service): Promise<number> {
  return new Promise(resolve => {
    let asked = false
    const stop = (): void => {
      if (asked) process.exit(1)
      asked = true
      void service.drain().then(cut => resolve(cut === 0 ? 0 : 1))
    }
    process.on('SIGTERM', stop)
    process.on('SIGINT', stop)
    process.on('uncaughtException', error => {
      service.log.error('a bug in hookwarden: it stops', { stack: error.stack })
      setImmediate(() => void service.log.flush().finally(() => process.exit(BUG)))
    })
  })
}
