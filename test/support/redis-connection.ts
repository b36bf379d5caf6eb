import type { Test } from 'tap'
import { systemClock } from '../../src/clock.ts'
import { type ConnectOptions, connectRedis } from '../../src/redis/connect.ts'
import type { Redis, Script } from '../../src/redis/port.ts'
import { type RedisServer, startRedis } from './redis.ts'

export const COUNT: Script = { name: 'count', lua: "return redis.call('INCR', KEYS[1])" }
export const BROKEN: Script = { name: 'broken', lua: "return redis.call('INCR')" }

/** A connection with what it told, closed when the test is over. */
export async function open(
  t: Test,
  server: Pick<RedisServer, 'port'>,
  options: Partial<ConnectOptions> = {},
): Promise<{ redis: Redis; told: string[] }> {
  const told: string[] = []
  const redis = await connectRedis({
    host: '127.0.0.1',
    port: server.port,
    database: 0,
    user: undefined,
    password: undefined,
    tls: undefined,
    prefix: 'test:',
    scripts: [COUNT, BROKEN],
    clock: systemClock,
    told: { up: () => told.push('up'), down: cause => told.push(`down: ${cause}`) },
    ...options,
  })
  t.teardown(() => redis.close())
  return { redis, told }
}

/** Starts a server for one test. */
export async function server(t: Test, ...args: string[]): Promise<RedisServer> {
  const started = await startRedis(...args)
  t.teardown(() => started.close())
  return started
}

/** Waits until something holds. */
export async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise(resolve => setTimeout(resolve, 5))
}
