import pg from 'pg'
import type { WebhookFlow } from '../../src/discovery/flows.ts'
import { flowOf } from './flow-source.ts'

/** Automatisch's tables, as far as webhooks are concerned, and what it does to them. */
export interface AutomatischTables {
  query(text: string, values?: readonly unknown[]): Promise<void>
  /** The n-th flow, published and of GitHub unless said. */
  add(n: number, change?: Partial<WebhookFlow>): Promise<void>
  publish(n: number, active: boolean): Promise<void>
  /** As Automatisch deletes: the rows stay. */
  remove(n: number): Promise<void>
  /** Another app for the trigger of a flow. */
  reapp(n: number, app: string): Promise<void>
}

/** Makes the tables where there are none. Ends its connection by what it gives second. */
export async function automatischTables(
  url: string,
): Promise<[AutomatischTables, () => Promise<void>]> {
  const client = new pg.Client({ connectionString: url })
  client.on('error', () => {}) // tests kill the server
  await client.connect()
  const query = async (text: string, values: readonly unknown[] = []) => {
    await client.query(text, [...values])
  }
  await query(`create table if not exists flows (id uuid primary key, name text, user_id uuid, active boolean default false,
    deleted_at timestamptz)`)
  await query(`create table if not exists steps (id uuid primary key default gen_random_uuid(), flow_id uuid, type text, app_key text,
    key text, position int, webhook_path text, connection_id uuid, parameters text, deleted_at timestamptz)`)
  const id = (n: number) => flowOf(n).id
  const tables: AutomatischTables = {
    query,
    async add(n, change = {}) {
      const { app, sync, published } = flowOf(n, change)
      await query('begin')
      await query('insert into flows (id, active) values ($1, $2)', [id(n), published])
      const path = `/webhooks/flows/${id(n)}${sync ? '/sync' : ''}`
      const step =
        "insert into steps (flow_id, type, app_key, webhook_path) values ($1, 'trigger', $2, $3)"
      await query(step, [id(n), app, path])
      await query('commit')
    },
    publish: (n, active) => query('update flows set active = $2 where id = $1', [id(n), active]),
    remove: n => query('update flows set deleted_at = now() where id = $1', [id(n)]),
    reapp: (n, app) => query('update steps set app_key = $2 where flow_id = $1', [id(n), app]),
  }
  return [tables, () => client.end()]
}
