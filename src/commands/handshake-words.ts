import { needsToken, offByDefault } from '../config/check-handshake.ts'
import type { Preset } from '../presets/presets.ts'

/** What a sender asks of a URL, and who answers it; undefined where it asks nothing. */
export function challengeInWords({ challenge, handshake, enrolment }: Preset): string | undefined {
  if (challenge === undefined) return undefined
  const asks = `It asks something of the URL: ${challenge}.`
  if (enrolment !== undefined) {
    return `${asks} Hookwarden takes the key within a time that you set, and only while the file of \`secret\` does not exist: \`handshake: { enrol: 2026-11-25T10:15:00Z }\` ([how](../handshakes.md#a-key-that-is-handed-over)). Otherwise that request is refused.`
  }
  if (handshake === undefined) return `${asks} Hookwarden does not answer that by itself.`
  const signed = handshake.some(({ kind }) => /-body$/.test(kind) && kind !== 'sealed-body')
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
