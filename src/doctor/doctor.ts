import type { Settings } from '../config/settings.ts'
import type { KeyBytes } from '../keys/names.ts'
import type { PinState } from '../keys/pins.ts'
import { WEAKNESSES, weaknessesOf } from '../keys/weakness.ts'
import type { SecretSources } from '../secrets/resolve.ts'
import type { Millis } from '../units.ts'
import type { Container } from './deployment.ts'
import { examineDeployment } from './examine-deployment.ts'
import { examineMap } from './examine-map.ts'
import type { Finding } from './rules.ts'

/** A certificate as it is served. */
export interface CertificateSeen {
  readonly file: string
  readonly notAfter: Millis
  /** Whether it is for the host of `public_url`; undefined where the map names none. */
  readonly forHost: boolean | undefined
  /** Whether whoever signed it is in the file too, or it signed itself. */
  readonly chained: boolean
}

/** A file that holds a secret. */
export interface FileSeen {
  readonly path: string
  /** Permission bits. */
  readonly mode: number
}

/** Everything that `doctor` was handed. */
export interface Evidence {
  readonly settings: Settings | undefined
  readonly sources: SecretSources
  readonly containers: readonly Container[]
  /** Automatisch's keys, those that are at hand. */
  readonly keys: KeyBytes
  readonly pins: readonly PinState[]
  readonly files: readonly FileSeen[]
  readonly certificates: readonly CertificateSeen[]
  /** The newest release of Automatisch, as the operator says it. */
  readonly latest: string | undefined
  /** What was found by asking: only where it was asked for. */
  readonly probed: readonly Finding[]
  /** Wall clock. */
  readonly now: Millis
}

const SOON: Millis = 21 * 86_400e3

/** Compares everything with every rule. */
export function examine(evidence: Evidence): readonly Finding[] {
  const { settings, sources, containers, latest, now, probed } = evidence
  const publicUrl = settings?.publicUrl
  return [
    ...examineDeployment(containers, { publicUrl, latest }),
    ...(settings === undefined ? [] : examineMap(settings, sources, now)),
    ...keyFindings(evidence),
    ...evidence.files.flatMap(({ path, mode }): Finding[] =>
      (mode & 0o007) === 0
        ? []
        : [{ rule: 'file_mode', where: path, detail: `mode ${(mode & 0o777).toString(8)}` }],
    ),
    ...evidence.certificates.flatMap(one => certificateFindings(one, now)),
    ...hostFinding(evidence.certificates),
    ...probed,
  ]
}

function keyFindings({ keys, pins }: Evidence): Finding[] {
  return [
    ...weaknessesOf(keys).map(
      ({ key, code }): Finding => ({ rule: 'key_weak', where: key, detail: WEAKNESSES[code].says }),
    ),
    ...pins.flatMap(({ key, state, pin }): Finding[] =>
      state === 'changed'
        ? [{ rule: 'key_changed', where: key, detail: `pinned ${pin.pinned}` }]
        : [],
    ),
  ]
}

function certificateFindings({ file, notAfter, chained }: CertificateSeen, now: Millis): Finding[] {
  const found: Finding[] = []
  if (notAfter < now + SOON) {
    const day = new Date(notAfter).toISOString().slice(0, 10)
    found.push({ rule: 'certificate_expiry', where: file, detail: `until ${day}` })
  }
  if (!chained) found.push({ rule: 'certificate_chain', where: file })
  return found
}

/** One of several certificates is enough: the sender's name chooses it. */
function hostFinding(certificates: readonly CertificateSeen[]): Finding[] {
  const [first] = certificates
  if (first === undefined || certificates.some(({ forHost }) => forHost !== false)) return []
  return [{ rule: 'certificate_host', where: certificates.map(({ file }) => file).join(', ') }]
}
