import type { Client } from 'pg'
import { Fault } from '../errors.ts'
import type { Millis } from '../units.ts'

const CONNECT: Millis = 5_000
const QUERY: Millis = 10_000

/**
 * Connects. Throws a fault where that takes more than 5 s; a query then may take 10 s.
 *
 * @param made told of the client before it has connected: whoever has had enough may give it up
 */
export async function connectedTo(url: string, made?: (client: Client) => void): Promise<Client> {
  const { Client } = await import('pg')
  try {
    const client = new Client({
      connectionString: url,
      connectionTimeoutMillis: CONNECT,
      query_timeout: QUERY,
      keepAlive: true,
      application_name: 'hookwarden',
    })
    client.on('error', () => {}) // the next query says so
    made?.(client)
    await client.connect()
    return client
  } catch (error) {
    throw faultOf(error)
  }
}

/** Begins reading, and bounds each query there too: as a parameter of the connection a pooler in between would refuse it. */
export async function beginReading(client: Client, isolation = ''): Promise<void> {
  await client.query(
    `begin transaction ${isolation} read only; set local statement_timeout = ${QUERY}`,
  )
}

/** Connects for reading alone. */
export async function connected(url: string): Promise<Client> {
  const client = await connectedTo(url)
  try {
    await beginReading(client)
    return client
  } catch (error) {
    void client.end().catch(() => {})
    throw faultOf(error)
  }
}

/** What an operator is told: errors of the client name user, host and table, never the password. */
export function faultOf(error: unknown): Fault {
  if (error instanceof Fault) return error
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  const message = error instanceof Error && error.message !== '' ? error.message : code
  return new Fault('database', `the database does not answer: ${message}`, { cause: error })
}
