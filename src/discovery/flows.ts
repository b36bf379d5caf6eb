import { Fault } from '../errors.ts'
import { connected, faultOf } from './database.ts'

/** A flow that a webhook starts, as Automatisch's database says it. */
export interface WebhookFlow {
  readonly id: string
  /** Key of the trigger's app, such as `github`. */
  readonly app: string
  readonly sync: boolean
  readonly published: boolean
}

/** More is no installation of Automatisch. */
const MOST = 100_000

/** Reads no more than the role of `deploy/postgres-role.sql` may see. Of the path only its ending counts. */
const QUERY = `
  select flows.id::text as id, left(steps.app_key, 64) as app,
    right(steps.webhook_path, 5) = '/sync' as sync, flows.active is true as published
  from flows join steps on steps.flow_id = flows.id
  where steps.type = 'trigger' and steps.webhook_path is not null
    and flows.deleted_at is null and steps.deleted_at is null
  order by flows.id limit ${MOST + 1}`

/** Looks once. Throws a fault where the database does not answer or is not Automatisch's. Rows of another shape are left out. */
export async function webhookFlows(url: string): Promise<readonly WebhookFlow[]> {
  const client = await connected(url)
  try {
    const { rows }: { rows: unknown[] } = await client.query(QUERY)
    if (rows.length > MOST) {
      throw new Fault('database', `it has more than ${MOST} webhook flows: is it Automatisch's?`)
    }
    return rows.filter(isFlow)
  } catch (error) {
    throw faultOf(error)
  } finally {
    await client.end().catch(() => {})
  }
}

/** A row is somebody else's word: an id that is none, or an app that no map could name, is nothing to us. */
function isFlow(row: unknown): row is WebhookFlow {
  if (typeof row !== 'object' || row === null) return false
  const { id, app, sync, published } = row as Readonly<Record<string, unknown>>
  return (
    typeof id === 'string' &&
    /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(id) &&
    typeof app === 'string' &&
    /^[a-z0-9][a-z0-9_-]{0,55}$/.test(app) &&
    typeof sync === 'boolean' &&
    typeof published === 'boolean'
  )
}
