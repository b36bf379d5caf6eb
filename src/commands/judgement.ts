import { acceptableEncoding, acceptableType } from '../admit/media-type.ts'
import type { ProviderSettings, Settings } from '../config/settings.ts'
import { Fault } from '../errors.ts'
import type { Capture } from '../explain/capture.ts'
import { KNOWN } from '../explain/known.ts'
import { asReceived, type Scene } from '../explain/scene.ts'
import { subjectOf } from '../explain/subject.ts'
import { judge } from '../explain/trial.ts'
import { CLEAN, type RejectReason } from '../reasons.ts'
import type { SecretSources } from '../secrets/resolve.ts'
import type { Millis } from '../units.ts'
import { signsForAnybody } from '../verify/bound-handshake.ts'
import { beginsAsJson } from '../verify/json-only.ts'
import { instantOf } from './asked.ts'
import { readWordAndArguments } from './command.ts'
import { USUAL_MAP } from './map.ts'

/** What `verify` and `explain` were asked. */
export interface JudgeOptions {
  readonly provider: string
  readonly config: string
  /** File of the capture. */
  readonly request: string
  readonly at: Millis | undefined
  readonly json: boolean
  readonly dev: boolean
}

/** Reads their arguments. Throws a usage fault. */
export function readJudgeOptions(args: readonly string[]): JudgeOptions {
  const { word, values } = readWordAndArguments(args, 'provider', {
    config: { type: 'string', default: USUAL_MAP },
    request: { type: 'string' },
    at: { type: 'string' },
    json: { type: 'boolean', default: false },
    dev: { type: 'boolean', default: false },
  })
  const { request, at, ...rest } = values
  if (request === undefined) {
    throw new Fault('usage', 'which request? `--request FILE`, written as docs/capture.md says')
  }
  return { provider: word, request, at: instantOf(at), ...rest }
}

/** What a capture is judged as. */
export interface Asked {
  readonly settings: Settings
  readonly provider: ProviderSettings
  readonly capture: Capture
  /** Given on the command line; it outweighs the capture's own. */
  readonly at: Millis | undefined
  readonly now: Millis
}

/** Everything about a capture that may tell why it is refused; undefined for a sender that cannot prove itself. */
export function sceneOf(asked: Asked, sources: SecretSources): Scene | undefined {
  const { settings, provider, capture, now } = asked
  const subject = subjectOf(provider, sources)
  if (subject === undefined) return undefined
  const others = settings.providers
    .filter(one => one !== provider)
    .flatMap(one => subjectOf(one, sources) ?? [])
  const at = asked.at ?? capture.at
  const { head, body, origin } = capture
  return {
    subject,
    others,
    presets: KNOWN,
    head,
    body,
    origin,
    at: at ?? now,
    atKnown: at !== undefined,
  }
}

/** What `run` would make of the request. */
export interface Judgement {
  /** Undefined where it is accepted. */
  readonly reason: RejectReason | undefined
  /** Which secret proves it; undefined where none does. */
  readonly secret: 'current' | 'previous' | undefined
}

/** Judges admission first, as `run` does, and then what proves the sender. */
export function judgeCapture({ provider, capture }: Asked, scene: Scene | undefined): Judgement {
  const admission = refusedAtAdmission(provider, capture)
  if (admission !== undefined) return { reason: admission, secret: undefined }
  if (scene === undefined) return { reason: undefined, secret: undefined }
  const judged = judge(asReceived(scene))
  if (judged === undefined) return { reason: 'secret_unavailable', secret: undefined }
  const { verdict, secret } = judged
  if (verdict !== CLEAN) return { reason: verdict, secret }
  const json = !signsForAnybody(provider.handshake) || beginsAsJson([capture.body])
  return json ? { reason: undefined, secret } : { reason: 'malformed_body', secret: undefined }
}

/** Why the request is refused before anything of its signature is looked at; undefined where it is not. */
function refusedAtAdmission(
  { mode, methods, contentTypes, contentEncodings, limits }: ProviderSettings,
  { head, body }: Capture,
): RejectReason | undefined {
  if (mode === 'off') return 'switched_off'
  if (!methods.includes(head.method)) return 'method'
  if (body.length > limits.body) return 'body_too_large'
  const type = acceptableType(head.only('content-type'), new Set(contentTypes), body.length > 0)
  if (type !== CLEAN) return type
  const encoding = acceptableEncoding(
    head.only('content-encoding'),
    new Set(contentEncodings),
    head.only('content-type'),
  )
  return encoding === CLEAN ? undefined : encoding
}

/** What a person should know beside the verdict. */
export function notesOf({ provider, capture, at, now }: Asked): string[] {
  const { head } = capture
  const { scheme } = provider
  const notes = [...capture.notes, ...pathNotes(provider, head.path)]
  if (provider.mode === 'report')
    notes.push('mode: report lets 401 refusals through and counts them')
  const timed = !('none' in scheme) && (scheme.timestamp !== undefined || scheme.alg === 'jwt')
  if (timed && at === undefined && capture.at === undefined) {
    const moment = new Date(now).toISOString()
    notes.push(
      `judged as if received now, ${moment}: say when with \`--at\`, or with \`# at:\` in the capture`,
    )
  }
  return notes
}

/** Whether the path leads to the provider. Of a flow that is discovered nobody knows without the database. */
function pathNotes({ name, routes, discovers }: ProviderSettings, path: string): string[] {
  if (routes.some(route => route.path === path)) return []
  if (discovers !== undefined && path.startsWith('/webhooks/flows/')) {
    const where = 'Automatisch says: `hookwarden discover` lists its flows'
    return [`whether ${path} is a flow of ${name} (app ${discovers.app}) is what ${where}`]
  }
  const paths = [...routes.map(route => route.path), ...(discovers ? ['what is discovered'] : [])]
  return [`${path} is no path of ${name}, so \`run\` answers 404: it serves ${paths.join(', ')}`]
}
