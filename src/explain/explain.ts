import { CLEAN, type RejectReason } from '../reasons.ts'
import { compileScheme } from '../verify/compile.ts'
import { keyProblem } from '../verify/key.ts'
import type { Finding } from './findings.ts'
import { asReceived, type Hypothesis, type Scene } from './scene.ts'
import { supposeBody } from './suppose-body.ts'
import { absentHeader, supposeHead } from './suppose-head.ts'
import { presetsOfHead, supposePreset } from './suppose-preset.ts'
import { supposeScheme } from './suppose-scheme.ts'
import { supposeSecret } from './suppose-secret.ts'
import { supposeUrl } from './suppose-url.ts'
import { otherUnits, timeFinding, untimed } from './times.ts'
import { judge, type Trial } from './trial.ts'

/** Why a delivery was refused. */
export interface Explanation {
  /** The verdict; undefined where it is accepted, and then there is nothing to find. */
  readonly reason: RejectReason | undefined
  /** Which secret proved it; undefined where it is refused. */
  readonly secret: 'current' | 'previous' | undefined
  /** The cause; a second one where the time is off as well. */
  readonly findings: readonly Finding[]
}

/** Every hypothesis there is, likely ones first. Each is about one thing. */
type Suppose = (scene: Scene, base: Trial) => Generator<Hypothesis>
const ABOUT_HEAD: readonly Suppose[] = [supposeHead, supposePreset]
const ABOUT_ALL: readonly Suppose[] = [
  supposeHead,
  (_, base) => otherUnits(base),
  supposeSecret,
  supposeScheme,
  supposeBody,
  supposeUrl,
  supposePreset,
]

/** Tries one hypothesis after the other and says the first that makes the delivery verify, and nothing else. */
export function explain(scene: Scene): Explanation {
  const run = explaining(scene)
  for (;;) {
    const step = run.next()
    if (step.done === true) return step.value
  }
}

/** The same in steps: stops after each hypothesis, so that others can have their turn. */
export function* explaining(scene: Scene): Generator<undefined, Explanation> {
  const base = asReceived(scene)
  const judged = judge(base)
  if (judged?.verdict === CLEAN) return { reason: undefined, secret: judged.secret, findings: [] }
  const reason = judged?.verdict ?? 'secret_unavailable'
  const findings = yield* causes(scene, base, reason)
  return { reason, secret: undefined, findings }
}

function* causes(
  scene: Scene,
  base: Trial,
  reason: RejectReason,
): Generator<undefined, readonly Finding[]> {
  const { subject, body } = scene
  if (subject.keys.length === 0) return [unusable(scene)]
  if (body === undefined) return [byHead(scene) ?? NOTHING]
  const timeless = untimed(base)
  if (judge(timeless)?.verdict === CLEAN) {
    const finding = timeFinding(scene, base)
    return finding === undefined ? [NOTHING] : [finding]
  }
  const missing = reason === 'signature_missing' || reason === 'timestamp_missing'
  for (const suppose of missing ? ABOUT_HEAD : ABOUT_ALL) {
    for (const { code, detail, trial } of suppose(scene, base)) {
      yield
      if (judge(untimed(trial))?.verdict !== CLEAN) continue
      const time = scene.atKnown ? timeFinding(scene, trial) : undefined
      return [{ code, detail }, ...(time === undefined ? [] : [time])]
    }
  }
  if (judge(base) === undefined) return [unusable(scene)]
  return [byHead(scene) ?? NOTHING]
}

const NOTHING: Finding = {
  code: 'unexplained',
  detail: 'no secret of the map signs it, in any form or spelling of the delivery that was tried',
}

function unusable({ subject }: Scene): Finding {
  const { scheme, options, keys, problems } = subject
  const compiled = compileScheme(scheme, options)
  const misfits = keys.flatMap(({ name, secret, form }) => {
    const problem = Array.isArray(compiled) ? undefined : keyProblem(compiled, secret.bytes, form)
    return problem === undefined ? [] : [`${name}: ${problem}`]
  })
  const all = [...problems, ...misfits]
  const detail = all.length === 0 ? 'the map names none' : all.join('; ')
  return { code: 'secret_unusable', detail }
}

/** What the head tells where nothing could be verified. */
function byHead(scene: Scene): Finding | undefined {
  const absent = absentHeader(scene)
  if (absent === undefined) return undefined
  const foreign = presetsOfHead(scene)
  return foreign === undefined
    ? { code: 'header_missing', detail: `${absent} is absent or empty` }
    : { code: 'wrong_preset', detail: `${absent} is absent, and ${foreign}` }
}
