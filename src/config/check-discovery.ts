import { WEBHOOK_APPS } from '../presets/automatisch.ts'
import { nearest } from '../spelling.ts'
import { misspelt } from './check-routes.ts'
import { DISCOVERED } from './provider.ts'
import type { Report } from './report.ts'
import type { Salvaged } from './salvage.ts'
import type { MapValues, ProviderValues } from './schema.ts'

type Map_ = Salvaged<MapValues>
type Provider = Salvaged<ProviderValues>

/** Checks what `flows: discovered` demands, and that an app leads to one provider alone. */
export function checkDiscovery(map: Map_, dev: boolean, report: Report): void {
  if (!dev && map.discovery?.database?.startsWith('plain:') === true) {
    const fix = 'put the URL into a variable or a file: `env:NAME`, `file:PATH`'
    const message = '`plain:` is accepted with `--dev` only'
    report.at(['discovery', 'database'], { message, fix })
  }
  const owners = new Map<string, string>()
  for (const [name, provider] of Object.entries(map.providers ?? {})) {
    if (provider === undefined) continue
    if (provider.flows === DISCOVERED) checkDiscovering(name, provider, owners, report)
    else checkListing(name, report)
  }
}

function checkDiscovering(
  name: string,
  provider: Provider,
  owners: Map<string, string>,
  report: Report,
): void {
  const at = ['providers', name]
  if (!report.has(['discovery']) && !misspelt([], 'discovery', report)) {
    report.at([...at, 'flows'], {
      message: '`discovered` needs `discovery` at the top',
      fix: 'say where: `discovery: { database: env:HOOKWARDEN_DATABASE_URL }`',
    })
  }
  if (provider.sync === true && !report.has([...at, 'path'])) {
    report.at([...at, 'sync'], {
      message: 'whether a flow that is discovered answers its sender is what Automatisch says',
      fix: 'remove it',
      ofKey: true,
    })
  }
  if (report.has([...at, 'app']) && provider.app === undefined) return // its own issue is told
  const app = provider.app ?? name
  if (provider.app === undefined && !isApp(app)) {
    report.at([...at, 'flows'], {
      message: `\`${name}\` is no app of Automatisch with webhooks, so nothing could be discovered`,
      fix: `say which app: \`app: ${likelyApp(name, provider.preset)}\``,
    })
    return
  }
  const first = owners.get(app)
  if (first === undefined) owners.set(app, name)
  else {
    const path = [...at, provider.app === undefined ? 'flows' : 'app']
    const line = report.lineOf(['providers', first, 'flows'], path)
    report.at(path, {
      message: `the flows of \`${app}\` are discovered on ${line} under \`${first}\` already: they belong to one provider`,
      fix: 'list the flows of one of the two by their ids',
    })
  }
}

/** Keys that say nothing where flows are listed. */
function checkListing(name: string, report: Report): void {
  const at = ['providers', name]
  for (const key of ['app', 'drafts']) {
    if (!report.has([...at, key])) continue
    const message = `\`${key}\` is about flows that are discovered, and these are listed`
    const fix = 'remove it, or write `flows: discovered`'
    report.at([...at, key], { message, fix, ofKey: true })
  }
}

function isApp(name: string): boolean {
  return Object.hasOwn(WEBHOOK_APPS, name) || name === 'webhook'
}

function likelyApp(name: string, preset: string | undefined): string {
  const apps = Object.keys(WEBHOOK_APPS)
  const signs = (wanted: string) => apps.find(app => WEBHOOK_APPS[app]?.preset === wanted)
  return signs(preset ?? name) ?? nearest(name, apps) ?? 'github'
}
