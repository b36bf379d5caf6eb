import type { Client } from 'pg'
import { Fault } from '../errors.ts'
import { beginReading, connectedTo, faultOf } from './database.ts'
import { isFlow, MOST, type WebhookFlow } from './flows.ts'

/** What one look came to. */
export interface Look {
  /** The same for the same flows. */
  readonly mark: string
  /** In the order of their ids; undefined where the mark is the one that was known. */
  readonly flows: readonly WebhookFlow[] | undefined
  /** Rows that are no flow, or contradict each other, and were left out. */
  readonly odd: number
}

/** Where flows are looked up. */
export interface FlowSource {
  /** Looks once. Throws a fault where there is no answer, or one that is not Automatisch's. */
  look(known?: string): Promise<Look>
  /** Lets go of the connection; the next look makes another. */
  close(): void
}

/** Reads no more than the role of `deploy/postgres-role.sql` may see. */
const WEBHOOKS = `
  from flows join steps on steps.flow_id = flows.id
  where steps.type = 'trigger' and steps.webhook_path is not null
    and flows.deleted_at is null and steps.deleted_at is null`

/** Of the path only its ending counts. */
const ROW = {
  app: "coalesce(left(steps.app_key, 64), '')",
  sync: "right(steps.webhook_path, 5) = '/sync'",
  published: 'flows.active is true',
} as const

/** A number that changes with any row, whatever their order: the rows themselves stay where they are. */
const MARK = `
  select count(*) as rows, coalesce(sum(hashtextextended(
    concat_ws(' ', flows.id, ${ROW.app}, ${ROW.sync}, ${ROW.published}), 0)::numeric), 0) as sum
  ${WEBHOOKS}`

/** A flow has one trigger: where two say different things, nobody can know which of them is meant. */
const FLOWS = `
  declare seen no scroll cursor for
  select flows.id::text as id, min(${ROW.app}) as app, bool_or(${ROW.sync}) as sync,
    bool_or(${ROW.published}) as published, min(${ROW.app}) = max(${ROW.app}) and bool_or(${ROW.sync}) = bool_and(${ROW.sync}) as clear
  ${WEBHOOKS}
  group by flows.id order by flows.id`

/** So many rows at once are read and checked within a millisecond or two: deliveries go on in between. */
const BATCH = 1000

/** Automatisch's database, asked over one connection that is kept. */
export class FlowDatabase implements FlowSource {
  readonly #url: () => string
  #client: Client | undefined
  /** What has not connected yet. */
  #connecting: Client | undefined
  /** Counts up with each `close`: what is begun before is not wanted after. */
  #closed = 0

  /** @param url asked for at each connection; may throw a fault */
  constructor(url: () => string) {
    this.#url = url
  }

  async look(known?: string): Promise<Look> {
    let client: Client | undefined
    try {
      client = this.#client ?? (await this.#connect())
      return await lookBy(client, known)
    } catch (error) {
      if (client !== undefined) this.#drop(client)
      throw faultOf(error)
    }
  }

  close(): void {
    this.#closed++
    this.#connecting?.connection.stream.destroy()
    if (this.#client !== undefined) this.#drop(this.#client)
  }

  async #connect(): Promise<Client> {
    const closed = this.#closed
    const client = await connectedTo(this.#url(), made => {
      // it may have been closed while pg was loaded
      if (closed !== this.#closed) throw new Fault('database', 'it was not wanted any more')
      this.#connecting = made
    }).finally(() => {
      this.#connecting = undefined
    })
    this.#client = client
    client.once('end', () => this.#forget(client))
    client.once('error', () => this.#forget(client)) // such as a server that ends its sessions
    return client
  }

  #forget(client: Client): void {
    if (this.#client === client) this.#client = undefined
  }

  #drop(client: Client): void {
    this.#forget(client)
    void client.end().catch(() => {})
    client.connection.stream.destroy() // nobody waits for a goodbye that may never come
  }
}

/** Looks once, for a command. Throws a fault as `FlowSource.look` does. */
export async function webhookFlows(url: string): Promise<readonly WebhookFlow[]> {
  const source = new FlowDatabase(() => url)
  try {
    const { flows = [] } = await source.look()
    return flows
  } finally {
    source.close()
  }
}

async function lookBy(client: Client, known: string | undefined): Promise<Look> {
  // one snapshot for the mark and the rows: what is published meanwhile is another mark, and the next look's
  await beginReading(client, 'isolation level repeatable read,')
  const { rows }: { rows: { rows: string; sum: string }[] } = await client.query(MARK)
  const [told] = rows
  const mark = `${told?.rows} ${told?.sum}`
  if (Number(told?.rows) > MOST) {
    throw new Fault('database', `it has more than ${MOST} webhook flows: is it Automatisch's?`)
  }
  const read = mark === known ? { flows: undefined, odd: 0 } : await flowsBy(client)
  await client.query('commit')
  return { mark, ...read }
}

async function flowsBy(client: Client): Promise<Omit<Look, 'mark'>> {
  await client.query(FLOWS)
  const flows: WebhookFlow[] = []
  let odd = 0
  for (let more = true; more; ) {
    const { rows }: { rows: Record<string, unknown>[] } = await client.query(
      `fetch ${BATCH} from seen`,
    )
    for (const { clear, ...row } of rows) {
      if (clear === true && isFlow(row)) flows.push(row)
      else odd++
    }
    more = rows.length === BATCH
  }
  return { flows, odd }
}
