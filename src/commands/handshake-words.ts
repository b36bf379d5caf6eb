import { needsToken, offByDefault } from '../config/check-handshake.ts'
import type { Preset } from '../presets/presets.ts'

/** What a sender asks of a URL, and who answers it; undefined where it asks nothing. */
export function challengeInWords({ challenge, handshake }: Preset): string | undefined {
  if (challenge === undefined) return undefined
  const asks = `It asks something of the URL: ${challenge}.`
  if (handshake === undefined) return `${asks} Hookwarden does not answer that by itself.`
  const signed = handshake.some(({ kind }) => /-body$/.test(kind))
  const conditions = [
    ...(signed ? ['the request has to be signed'] : []),
    ...(handshake.some(needsToken)
      ? ['the token it shows has to be the `verify_token` of the entry']
      : []),
    ...(handshake.some(one => 'method' in one && one.method !== 'POST')
      ? ['`methods` need not list how it asks']
      : []),
    ...(handshake.some(({ kind }) => kind === 'mac-query')
      ? [
          'the value has to look as this sender writes it, and of deliveries only those are accepted that begin with `{` or `[`',
        ]
      : []),
  ]
  if (handshake.every(offByDefault)) {
    return `${asks} With \`handshake: on\` Hookwarden calls it once the request proved to be signed, at that host alone; without, it leaves it to the flow ([more](../handshakes.md)).`
  }
  const how = conditions.length === 0 ? '' : `: ${conditions.join('; ')}`
  return `${asks} Hookwarden answers that by itself, without the flow${how}. \`handshake: off\` leaves it to the flow ([more](../handshakes.md)).`
}
