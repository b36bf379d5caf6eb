import type { Millis } from '../units.ts'
import { connected, faultOf } from './database.ts'

/** What a database says of itself and of the role that asks. */
export interface Posture {
  /** Its wall clock. */
  readonly now: Millis
  /** Whether the role may read the stored credentials, or everything. */
  readonly readsCredentials: boolean
}

const QUERY = `
  select extract(epoch from clock_timestamp()) * 1000 as now,
    (select rolsuper from pg_roles where rolname = current_user) or coalesce((
      select bool_or(has_column_privilege(attrelid, attnum, 'select')) from pg_attribute
      where attrelid = to_regclass('connections') and attname = 'data'), false) as reads`

/** Asks a database once. Throws a fault where it does not answer. */
export async function postureOf(url: string): Promise<Posture> {
  const client = await connected(url)
  try {
    const { rows }: { rows: { now: string; reads: boolean }[] } = await client.query(QUERY)
    const [row] = rows
    return { now: Number(row?.now), readsCredentials: row?.reads === true }
  } catch (error) {
    throw faultOf(error)
  } finally {
    await client.end().catch(() => {})
  }
}
