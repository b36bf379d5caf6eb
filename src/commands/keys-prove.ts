import { storedCredentials } from '../discovery/stored-credentials.ts'
import { Fault } from '../errors.ts'
import { tryKey } from '../keys/stored.ts'
import { processWorld, type World } from './asked.ts'
import { readArguments } from './command.ts'
import { databaseUrl } from './database-asked.ts'
import { findKeys, KEY_OPTIONS, type KeyPlaces } from './keys-asked.ts'

/** What `keys prove` was asked. */
export interface ProveOptions extends KeyPlaces {
  readonly database?: string | undefined
  readonly json: boolean
}

/** What came of one table. */
interface Count {
  stored: number
  opened: number
  /** Rows that the key does not open, the first few. */
  readonly shut: string[]
  /** Rows that are not encrypted as Automatisch does. */
  readonly odd: string[]
}

/** How many rows are named. */
const NAMED = 5

export async function main(args: readonly string[]): Promise<number> {
  const options = readArguments(args, {
    ...KEY_OPTIONS,
    database: { type: 'string' },
    json: { type: 'boolean', default: false },
  })
  return prove(options, processWorld(false))
}

/** Tries ENCRYPTION_KEY on everything that a database stores and says how much it opens, showing none; gives the exit code. */
export async function prove(options: ProveOptions, world: World): Promise<number> {
  const { terminal } = world
  const key = findKeys(options, world.sources).find(one => one.key === 'ENCRYPTION_KEY')
  if (key?.bytes === undefined) throw new Fault('keys', `${key?.problem ?? ''}. See --env-file`)
  const tables = new Map<string, Count>()
  for await (const { table, id, text } of storedCredentials(
    databaseUrl(options.database, world.sources),
  )) {
    const count = tables.get(table) ?? { stored: 0, opened: 0, shut: [], odd: [] }
    tables.set(table, count)
    count.stored++
    switch (tryKey(text, key.bytes)) {
      case 'opened':
        count.opened++
        break
      case 'other_key':
        if (count.shut.length < NAMED) count.shut.push(id)
        break
      case 'not_encrypted':
        if (count.odd.length < NAMED) count.odd.push(id)
        break
    }
  }
  const stored = sum(tables, count => count.stored)
  const opened = sum(tables, count => count.opened)
  const proven = stored > 0 && opened === stored
  if (options.json) {
    const counts = Object.fromEntries(tables)
    terminal.out(JSON.stringify({ proven, stored, opened, tables: counts }, null, 2))
    return proven ? 0 : 1
  }
  for (const [table, count] of tables) {
    terminal.out(`${table.padEnd(16)}  ${count.stored} stored, ${count.opened} opened`)
    for (const id of count.shut) terminal.out(`  ${id}  does not open`)
    for (const id of count.odd) terminal.out(`  ${id}  is not encrypted as Automatisch does it`)
  }
  terminal.out(terminal.paint(proven ? 'green' : 'red', verdict(stored, opened)))
  return proven ? 0 : 1
}

function verdict(stored: number, opened: number): string {
  if (stored === 0) return 'Nothing is proven: this database stores no connection.'
  if (opened === stored) return 'ENCRYPTION_KEY opens everything that this database stores.'
  if (opened > 0) {
    return `ENCRYPTION_KEY opens ${opened} of ${stored}: the others were stored with another key.`
  }
  return `ENCRYPTION_KEY opens none of ${stored}: it is not the key that this database was used with.`
}

function sum(tables: ReadonlyMap<string, Count>, of: (count: Count) => number): number {
  return [...tables.values()].reduce((all, count) => all + of(count), 0)
}
