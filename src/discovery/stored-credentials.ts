import type { Client } from 'pg'
import { Fault } from '../errors.ts'
import { connected, faultOf } from './database.ts'

/** Credentials as they are stored: encrypted text, and where it stands. */
export interface StoredCredentials {
  readonly table: string
  readonly id: string
  readonly text: string
}

const BATCH = 500

/** Where Automatisch keeps encrypted text; the last is what older releases called the second. */
const TABLES = [
  { table: 'connections', column: 'data' },
  { table: 'oauth_clients', column: 'auth_defaults' },
  { table: 'app_auth_clients', column: 'auth_defaults' },
] as const

/**
 * Reads every row of an Automatisch database that holds encrypted credentials and is not deleted, a batch at a time. Only
 * reads. Throws a fault where the database cannot be reached within 5 s, a query takes 10 s, or it is not Automatisch's.
 */
export async function* storedCredentials(url: string): AsyncGenerator<StoredCredentials> {
  const client = await connected(url)
  try {
    let tables = 0
    for (const { table, column } of TABLES) {
      const { rows } = await client.query('select to_regclass($1) is not null as there', [table])
      if (rows[0]?.there !== true) continue
      tables++
      yield* rowsOf(client, table, column)
    }
    if (tables === 0) {
      throw new Fault(
        'database',
        'it has no table `connections`: is this the database of Automatisch?',
      )
    }
  } catch (error) {
    throw faultOf(error)
  } finally {
    await client.end().catch(() => {})
  }
}

async function* rowsOf(
  client: Client,
  table: string,
  column: string,
): AsyncGenerator<StoredCredentials> {
  // by way of JSON, because not every release has `deleted_at` in every table
  const text = `select id::text as id, ${column} as text from ${table} as stored
    where ${column} <> '' and to_jsonb(stored) ->> 'deleted_at' is null and ($1::uuid is null or id > $1::uuid)
    order by id limit ${BATCH}`
  for (let after: string | null = null; ; ) {
    const { rows }: { rows: { id: string; text: string }[] } = await client.query(text, [after])
    for (const row of rows) yield { table, ...row }
    const last = rows.at(-1)
    if (last === undefined || rows.length < BATCH) return
    after = last.id
  }
}
