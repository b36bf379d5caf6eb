import type { Provider, Route } from '../exchange/route.ts'
import { RouteTable } from '../route/table.ts'
import type { Millis } from '../units.ts'

/** A flow that was discovered. */
export interface Flow {
  /** A UUID, lower case with dashes. */
  readonly id: string
  readonly app: string
  readonly sync: boolean
  readonly published: boolean
}

/** Whose the flows of an app are, and how they are served. */
export interface Owner {
  readonly provider: Provider
  /** Whether deliveries to flows that are not published may pass once they are proven. */
  readonly drafts: boolean
  readonly replay: Millis | undefined
  readonly syncReplay: Millis | undefined
}

/** What a generation serves beside what is discovered, and whose that is. */
export interface Discovering {
  readonly named: readonly (readonly [path: string, route: Route])[]
  /** Flows that the map names, whoever's: these are never discovered. */
  readonly flows: ReadonlySet<string>
  /** By app. */
  readonly owners: ReadonlyMap<string, Owner>
}

/** The path of a flow in its one spelling. */
const FLOW = /^\/webhooks\/flows\/(?<id>[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})(?:\/sync)?$/

/** Whether the path could be that of a flow which is still to be discovered. */
export function couldBeDiscovered({ flows, owners }: Discovering, path: string): boolean {
  const id = owners.size === 0 ? undefined : FLOW.exec(path)?.groups?.id
  return id !== undefined && !flows.has(id)
}

/** The paths that a map names together with those of flows that were discovered. */
export function withDiscovered(
  discovering: Discovering,
  discovered: readonly Flow[],
): RouteTable<Route> {
  const entries = [...discovering.named]
  for (const flow of discovered) {
    const owner = ownerOf(flow, discovering)
    if (owner === undefined) continue
    const route = routeOf(flow, owner)
    entries.push([route.path, route])
  }
  return new RouteTable(entries)
}

/** How many flows were discovered for each provider, drafts that may be tested included. */
export function servedOf(
  discovering: Discovering,
  discovered: readonly Flow[],
): ReadonlyMap<string, number> {
  const counts = new Map([...discovering.owners.values()].map(({ provider }) => [provider.name, 0]))
  for (const flow of discovered) {
    const owner = ownerOf(flow, discovering)
    if (owner === undefined) continue
    const { name } = owner.provider
    counts.set(name, (counts.get(name) ?? 0) + 1)
  }
  return counts
}

/** Whose a flow is: nobody's that the map names itself, and no draft to which nothing could pass. */
function ownerOf({ id, app, published }: Flow, { flows, owners }: Discovering): Owner | undefined {
  const owner = flows.has(id) ? undefined : owners.get(app)
  return published || owner?.drafts === true ? owner : undefined
}

/** How many flows are published and nobody's, by app. */
export function unprotectedOf(
  { flows, owners }: Discovering,
  discovered: readonly Flow[],
): ReadonlyMap<string, number> {
  const counts = new Map<string, number>()
  for (const { id, app, published } of discovered) {
    if (published && !owners.has(app) && !flows.has(id)) counts.set(app, (counts.get(app) ?? 0) + 1)
  }
  return counts
}

/** The path is rebuilt from the id: of what the database calls it, nothing is left. Tests of a draft may repeat. */
function routeOf({ id, sync, published }: Flow, owner: Owner): Route {
  const path = upstreamPathOf(id, sync)
  const { provider, replay, syncReplay } = owner
  const window = sync ? syncReplay : replay
  return {
    path,
    upstreamPath: path,
    replayPrefix: `${id} `,
    sync,
    draft: !published,
    replay: published ? window : undefined,
    provider,
  }
}

/** Where Automatisch serves a flow. */
export function upstreamPathOf(flow: string, sync: boolean): string {
  return `/webhooks/flows/${flow}${sync ? '/sync' : ''}`
}
