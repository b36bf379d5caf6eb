import fc from 'fast-check'
import t from 'tap'
import type { Provider, Route } from '../../../src/exchange/route.ts'
import {
  couldBeDiscovered,
  type Discovering,
  type Flow,
  type Owner,
  servedOf,
  unprotectedOf,
  upstreamPathOf,
  withDiscovered,
} from '../../../src/generation/discovered.ts'

/** Few ids and apps, so that they meet. */
const id = fc.nat(12).map(n => `7d3c1f0e-2f57-4f0a-9d7d-${String(n).padStart(12, '0')}`)
const app = fc.constantFrom('github', 'gitlab', 'jotform', '__proto__', 'constructor')
const flow: fc.Arbitrary<Flow> = fc.record({
  id,
  app,
  sync: fc.boolean(),
  published: fc.boolean(),
})
const discovered = fc.uniqueArray(flow, { selector: one => one.id, maxLength: 12 })

const provider = (name: string) => ({ name }) as Provider // nothing else of it is looked at
const owner: fc.Arbitrary<Owner> = fc.record({
  provider: fc.constantFrom('a', 'b').map(provider),
  drafts: fc.boolean(),
  replay: fc.constant(600_000),
  syncReplay: fc.constant(undefined),
})

/** A map that names some flows, at their registered paths, and has owners for some apps. */
const discovering: fc.Arbitrary<Discovering> = fc
  .record({
    named: fc.uniqueArray(fc.tuple(id, fc.boolean()), { selector: ([one]) => one, maxLength: 5 }),
    owners: fc.uniqueArray(fc.tuple(app, owner), { selector: ([one]) => one }),
  })
  .map(({ named, owners }) => ({
    named: named.map(([one, sync]) => {
      const path = upstreamPathOf(one, sync)
      return [path, { path, sync, draft: false, provider: provider('by hand') } as Route] as const
    }),
    flows: new Set(named.map(([one]) => one)),
    owners: new Map(owners),
  }))

const paths = (one: string) => [upstreamPathOf(one, false), upstreamPathOf(one, true)]

t.test(
  'whatever the database says, a flow that the map names has the routes that the map gives it',
  async t => {
    fc.assert(
      fc.property(discovering, discovered, (map, flows) => {
        const table = withDiscovered(map, flows)
        const named = new Map(map.named)
        for (const one of map.flows) {
          for (const path of paths(one)) {
            if (table.match(path) !== named.get(path) || couldBeDiscovered(map, path)) return false
          }
        }
        return true
      }),
    )
    t.pass('no counter-example')
  },
)

t.test(
  'any other flow is served at its one path, by the owner of its app, or not at all',
  async t => {
    fc.assert(
      fc.property(discovering, discovered, (map, flows) => {
        const table = withDiscovered(map, flows)
        return flows
          .filter(one => !map.flows.has(one.id))
          .every(one => {
            const own = map.owners.get(one.app)
            const serves = own !== undefined && (one.published || own.drafts)
            const route = table.match(upstreamPathOf(one.id, one.sync))
            if (table.match(upstreamPathOf(one.id, !one.sync)) !== undefined) return false
            if (route === undefined || !serves) return route === undefined && !serves
            return (
              route.provider === own.provider &&
              route.upstreamPath === route.path &&
              route.draft === !one.published &&
              route.replay === (one.published && !one.sync ? own.replay : undefined)
            )
          })
      }),
    )
    t.pass('no counter-example')
  },
)

t.test('each published flow is named, served or counted as unprotected', async t => {
  const sum = (counts: ReadonlyMap<string, number>) =>
    [...counts.values()].reduce((total, count) => total + count, 0)
  fc.assert(
    fc.property(discovering, discovered, (map, flows) => {
      const published = flows.filter(one => one.published)
      const named = published.filter(one => map.flows.has(one.id)).length
      return (
        named + sum(servedOf(map, published)) + sum(unprotectedOf(map, flows)) === published.length
      )
    }),
  )
  t.pass('no counter-example')
})

t.test('only the one spelling of a flow’s path is worth a look', async t => {
  const flowPath = upstreamPathOf('7d3c1f0e-2f57-4f0a-9d7d-00000000000a', false)
  const map: Discovering = {
    named: [],
    flows: new Set(),
    owners: new Map([
      ['github', { provider: provider('a'), drafts: true, replay: 1, syncReplay: 1 }],
    ]),
  }
  t.ok(couldBeDiscovered(map, flowPath))
  t.ok(couldBeDiscovered(map, `${flowPath}/sync`))
  for (const path of [
    ...['/', '/webhooks/flows/', `${flowPath}/`, `${flowPath}/sync/`, `/${flowPath}`],
    ...[flowPath.toUpperCase(), flowPath.replaceAll('-', ''), `${flowPath}\n`, `${flowPath}/SYNC`],
    ...[flowPath.replace('a', '%61'), flowPath.replace('/flows', ''), `${flowPath}0`],
  ])
    t.notOk(couldBeDiscovered(map, path), path)
  t.notOk(couldBeDiscovered({ ...map, owners: new Map() }, flowPath), 'nobody discovers')
})
