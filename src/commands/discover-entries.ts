import type { WebhookFlow } from '../discovery/flows.ts'
import { PASTED, WEBHOOK_APPS, type WebhookApp } from '../presets/automatisch.ts'

/** What is known of the map that the entries are for. */
export interface EntriesFor {
  /** Names that are providers already. */
  readonly taken: ReadonlySet<string>
  /** Whether it says where flows are discovered, so that they need not be listed. */
  readonly discovery: boolean
  /** Whether it says what senders call. */
  readonly publicUrl: boolean
}

const WIDTH = 110

/** Entries for flows that nobody covers, each with what is to be done beside it as a comment. */
export function entriesFor(flows: readonly WebhookFlow[], map: EntriesFor): string {
  const used = new Set(map.taken)
  const groups = Map.groupBy(flows, flow => groupOf(flow, map))
  return [...groups].map(([wanted, group]) => entry(free(wanted, used), group, map)).join('')
}

/** What shares an entry: what is proven by the same secret, and answered the same way. */
function groupOf({ app, sync, id }: WebhookFlow, map: EntriesFor): string {
  const each = WEBHOOK_APPS[app]?.each === true
  if (each) return `${app}-${id.slice(0, 8)}`
  return sync && !discovers(app, map) ? `${app}-sync` : app
}

/** Whether the flows of an app are best left to discovery: one sender, one secret. */
function discovers(app: string, { discovery }: EntriesFor): boolean {
  const known = Object.hasOwn(WEBHOOK_APPS, app) ? WEBHOOK_APPS[app] : undefined
  return discovery && known !== undefined && known.each !== true
}

function entry(name: string, group: readonly WebhookFlow[], map: EntriesFor): string {
  const [{ app, sync } = { app: '', sync: false }] = group
  const known = (Object.hasOwn(WEBHOOK_APPS, app) ? WEBHOOK_APPS[app] : undefined) ?? PASTED
  const { preset, none, keys = [], url, mind } = known
  const discovered = discovers(app, map)
  const ids = group.map(({ id }) => id).join(', ')
  const lines = [
    ...wrapped(mind).map(line => `  # ${line}`),
    `  ${name}:`,
    ...(preset === undefined || preset === name ? [] : [`    preset: ${preset}`]),
    ...secretOf(known, name),
    ...(none === undefined ? [] : [`    scheme: { none: '${none}' }`]),
    ...keys.map(line => `    ${line}`),
    ...(url === true && !map.publicUrl ? ['    public_url: https://YOUR-NAME'] : []),
    ...(sync && !discovered ? ['    sync: true'] : []),
    ...(discovered && app !== name ? [`    app: ${app}`] : []),
    discovered ? '    flows: discovered' : `    flows: [${ids}]`,
  ]
  return `${lines.join('\n')}\n\n`
}

/** Where each flow has a secret of its own, so has its variable. */
function secretOf({ secret, each }: WebhookApp, name: string): string[] {
  if (secret === undefined) return []
  const own = each === true ? `_${name.slice(name.lastIndexOf('-') + 1).toUpperCase()}` : ''
  return [`    secret: ${secret}${own}`]
}

function wrapped(text: string): string[] {
  const lines: string[] = []
  for (const word of text.split(' ')) {
    const last = lines.at(-1)
    if (last === undefined || last.length + word.length >= WIDTH) lines.push(word)
    else lines[lines.length - 1] = `${last} ${word}`
  }
  return lines
}

/** A name that no other provider has. */
function free(wanted: string, used: Set<string>): string {
  let name = wanted
  for (let i = 2; used.has(name); i++) name = `${wanted}-${i}`
  used.add(name)
  return name
}
