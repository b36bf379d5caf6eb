import { PRESETS } from '../presets/presets.ts'

/** What a first map says. */
export interface FirstMap {
  /** Origin of Automatisch. */
  readonly upstream: string
  /** PEM files; undefined for a map that `--dev` serves. */
  readonly tls: { readonly cert: string; readonly key: string } | undefined
  readonly senders: readonly Sender[]
  /** Entries that discovery wrote, indented as they stand under `providers:`. */
  readonly entries: string
}

/** One sender, the flow it starts, and where its secret is. */
export interface Sender {
  /** Name of its preset. */
  readonly name: string
  readonly flow: string
  readonly secret: string
}

/** The variable that a sender's secret is looked for in. */
export function secretNameOf(name: string): string {
  return `${name.toUpperCase().replaceAll('-', '_')}_SECRET`
}

/** Writes the map, with comments for who opens it first. */
export function writeMap({ upstream, tls, senders, entries }: FirstMap): string {
  const certificates =
    tls === undefined
      ? '  # without a certificate only `run --dev` serves it, with one that nobody trusts:\n  # tls: [{ cert: tls.crt, key: tls.key }]\n'
      : `  tls: [{ cert: ${quoted(tls.cert)}, key: ${quoted(tls.key)} }]   # read again when the files change\n`
  return `# Which webhooks are expected, and how each sender proves itself. Everything else is refused.
# All keys: docs/configuration.md. What is wrong with this file: hookwarden check. It is read again when it changes.
version: 1

# Where Automatisch listens. Let nobody else reach it.
upstream: ${quoted(upstream)}

listen:
  https: 0.0.0.0:8443        # what senders reach
${certificates}  admin: 127.0.0.1:9090      # metrics and health; never public

providers:
${senders.map(entryOf).join('\n')}${entries}`
}

function entryOf({ name, flow, secret }: Sender): string {
  const title = PRESETS[name]?.title ?? name
  return `  # ${title}: docs/providers/${name}.md says where its secret is set
  ${name}:
    secret: ${quoted(secret)}
    flows: [${flow}]
    # mode: report           # let through and count what would be refused, while you are not sure of the secret
`
}

/** As YAML reads it back, whatever it is. */
function quoted(text: string): string {
  return /^[\w./:@-]+$/.test(text) ? text : JSON.stringify(text)
}
