import type { Handshake } from '../verify/handshake.ts'
import type { Path } from './issues.ts'
import type { Report } from './report.ts'
import type { Salvaged } from './salvage.ts'
import type { ProviderValues } from './schema.ts'

const ASKS = 'no challenge of this sender is answered here, so nothing uses this'

/** Checks that an entry wants only such challenges answered as can be, and gives what that takes. */
export function checkHandshake(
  known: readonly Handshake[],
  { handshake }: Salvaged<ProviderValues>,
  at: Path,
  report: Report,
): void {
  const given = report.has([...at, 'verify_token'])
  if (given && (handshake === 'off' || !known.some(needsToken))) {
    const fix = 'remove it: what is not used would prove nothing'
    report.at([...at, 'verify_token'], { message: ASKS, fix, ofKey: true })
  }
  if (handshake !== 'on') return
  if (known.length === 0) {
    report.at([...at, 'handshake'], { message: ASKS, fix: 'remove it', ofKey: true })
  } else if (!given && known.every(needsToken)) {
    const message =
      'missing: this sender shows a token when it asks, so its entry needs `verify_token`'
    report.at(at, { message, fix: '`verify_token: env:NAME`', ofKey: true })
  }
}

/** Checks that a key is handed over only by a sender that does so, and into a file. */
export function checkEnrolment(
  hands: boolean,
  { handshake, secret }: Salvaged<ProviderValues>,
  at: Path,
  report: Report,
): void {
  if (typeof handshake !== 'object') return
  if (!hands) {
    const message = 'this sender hands over no key'
    report.at([...at, 'handshake'], { message, fix: 'remove it', ofKey: true })
  } else if (!secret?.startsWith('file:')) {
    const message = 'the key that is handed over needs a place: one `secret`, in a file'
    const fix = '`secret: file:PATH`, where nothing is yet'
    report.at([...at, 'handshake'], { message, fix, ofKey: true })
  }
}

/** Whether the sender shows a token that has to be the entry's. */
export function needsToken(one: Handshake): boolean {
  return one.kind === 'sealed-body' || (one.kind === 'echo-query' && one.token !== undefined)
}

/** Whether it is answered only where the map says `handshake: on`. */
export function offByDefault({ kind }: Handshake): boolean {
  return kind === 'confirm-body'
}
