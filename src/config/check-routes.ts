import { nearest } from '../spelling.ts'
import type { Path } from './issues.ts'
import { DISCOVERED, provider as providerSchema } from './provider.ts'
import type { Report } from './report.ts'
import type { Salvaged } from './salvage.ts'
import type { MapValues, ProviderValues } from './schema.ts'

type Providers = NonNullable<Salvaged<MapValues>['providers']>

/** Checks that every provider is reachable, and that a path or a flow leads to one provider alone. */
export function checkRoutes(providers: Providers, report: Report): void {
  const flows = new Map<string, { readonly name: string; readonly path: Path }>()
  const paths = new Map<string, { readonly name: string; readonly path: Path }>()
  for (const [name, provider] of Object.entries(providers)) {
    const at = ['providers', name]
    checkReachable(at, report)
    const named = provider?.flows === DISCOVERED ? [] : (provider?.flows ?? [])
    for (const [index, flow] of named.entries()) {
      claim(flows, flow, name, [...at, 'flows', index], 'flow', report)
    }
    const first = provider?.to === undefined ? undefined : flows.get(provider.to)
    // a path beside the registered URL of the same flow is one provider's own affair
    if (first?.name !== name) claim(flows, provider?.to, name, [...at, 'to'], 'flow', report)
    claim(paths, provider?.path, name, [...at, 'path'], 'path', report)
  }
}

function claim(
  taken: Map<string, { readonly name: string; readonly path: Path }>,
  value: string | undefined,
  name: string,
  path: Path,
  what: 'flow' | 'path',
  report: Report,
): void {
  if (value === undefined) return
  const first = taken.get(value)
  if (first === undefined) {
    taken.set(value, { name, path })
    return
  }
  const line = report.lineOf(first.path, path)
  report.at(path, {
    message:
      first.name === name
        ? `this ${what} is listed twice, first on ${line}`
        : `this ${what} is on ${line} under \`${first.name}\` already: it belongs to one provider`,
    fix: 'remove one of the two',
  })
}

function checkReachable(at: Path, report: Report): void {
  const [flows, path, to] = (['flows', 'path', 'to'] as const).map(key => report.has([...at, key]))
  if (path !== to) {
    const [have, lack] = path ? ['path', 'to'] : ['to', 'path']
    if (misspelt(at, lack, report)) return
    report.at([...at, have], {
      message: `\`${have}\` needs \`${lack}\` beside it`,
      fix: lack === 'to' ? 'say which flow: `to: flow:<id>`' : 'say which path: `path: /in/…`',
      ofKey: true,
    })
  } else if (!flows && !path && !['flows', 'path', 'to'].some(key => misspelt(at, key, report))) {
    report.at(at, {
      message: 'leads to no flow: missing `flows`, or `path` with `to`',
      fix: 'copy the id from the address of the flow in Automatisch: `flows: [<id>]`',
      ofKey: true,
    })
  }
}

/** Whether an unknown key of the entry was probably meant to be this one: then it is reported there, and only there. */
export function misspelt(at: Path, key: keyof ProviderValues | string, report: Report): boolean {
  const known = Object.keys(providerSchema.shape)
  return report.keysOf(at).some(given => !known.includes(given) && nearest(given, known) === key)
}
