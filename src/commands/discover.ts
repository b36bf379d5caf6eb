import type { Settings } from '../config/settings.ts'
import type { WebhookFlow } from '../discovery/flows.ts'
import { webhookFlows } from '../discovery/source.ts'
import { processWorld, soundMap } from './asked.ts'
import { type Command, readArguments } from './command.ts'
import { databaseUrl } from './database-asked.ts'
import { entriesFor } from './discover-entries.ts'
import { processTerminal, type Terminal } from './terminal.ts'

export const command: Command = {
  help: `hookwarden discover [--database REFERENCE] [--config FILE] [--json]

Looks once into the database of an Automatisch: which flows a webhook starts, which of them the map covers, and the entries of
a map for the rest, with the best scheme for each app and what is to be done at the sender. Only reads; the role of
deploy/postgres-role.sql sees enough.

  --database REFERENCE  env:NAME, file:PATH, or the URL itself: postgres://user:password@host/database; the one of
                        \`discovery\` in the map unless given
  --config FILE         the map; without one nothing is covered
  --json                for machines

Example: hookwarden discover --database env:HOOKWARDEN_DATABASE_URL --config hookwarden.yaml
Exit codes: 0 every published flow is covered, 1 some are not, 2 it cannot be done as asked.`,

  async main(args) {
    const options = readArguments(args, {
      database: { type: 'string' },
      config: { type: 'string' },
      json: { type: 'boolean', default: false },
    })
    const { sources } = processWorld(false)
    const settings =
      options.config === undefined ? undefined : soundMap(options.config, false, processTerminal)
    const database = options.database ?? settings?.discovery?.database
    const flows = await webhookFlows(databaseUrl(database, sources))
    return discover(flows, settings, options.json, processTerminal)
  },
}

/** Says which flows are covered, and writes entries for the rest; gives the exit code. */
export function discover(
  flows: readonly WebhookFlow[],
  settings: Settings | undefined,
  json: boolean,
  terminal: Terminal,
): number {
  const named = new Map<string, string>()
  const byApp = new Map<string, string>()
  for (const { name, routes, discovers } of settings?.providers ?? []) {
    for (const { flow } of routes) named.set(flow, name)
    if (discovers !== undefined) byApp.set(discovers.app, name)
  }
  const rows = flows.map(flow => ({
    ...flow,
    provider: named.get(flow.id) ?? byApp.get(flow.app), // what is named is never discovered
  }))
  const open = rows.filter(({ provider }) => provider === undefined)
  const code = open.some(({ published }) => published) ? 1 : 0
  const taken = new Set((settings?.providers ?? []).map(({ name }) => name))
  const entries = entriesFor(
    open.filter(({ published }) => published),
    {
      taken,
      discovery: settings?.discovery !== undefined,
      publicUrl: settings?.publicUrl !== undefined,
    },
  )
  if (json) {
    terminal.out(JSON.stringify({ flows: rows, entries }, null, 2))
    return code
  }
  const width = Math.max(3, ...rows.map(({ app }) => app.length))
  terminal.out(
    terminal.paint('bold', `${'app'.padEnd(width)}  ${'flow'.padEnd(36)}  state      covered by`),
  )
  for (const { app, id, sync, published, provider } of rows) {
    const state = `${published ? 'published' : 'draft'}${sync ? ', sync' : ''}`
    const by = provider ?? (published ? terminal.paint('red', 'nobody') : '-')
    terminal.out(`${app.padEnd(width)}  ${id}  ${state.padEnd(9)}  ${by}`)
  }
  if (entries !== '') {
    terminal.out(`\nWhat is missing under \`providers:\`\n\n${entries}`)
  }
  const covered = rows.filter(({ provider }) => provider !== undefined).length
  const verdict = `${rows.length} webhook flows, ${covered} covered, ${open.filter(one => one.published).length} published and not covered`
  terminal.out(terminal.paint(code === 0 ? 'green' : 'red', verdict))
  return code
}
