import { systemClock } from '../clock.ts'
import { Fault } from '../errors.ts'
import { ANYBODYS, FINDINGS } from '../explain/findings.ts'
import { machineSources } from '../secrets/resolve.ts'
import { nearest } from '../spelling.ts'
import { formatMillis, type Millis } from '../units.ts'
import { metricsOf, type Reading, USUAL_ADMIN } from './admin-asked.ts'
import { type Command, readWordAndArguments } from './command.ts'
import { processTerminal, type Terminal } from './terminal.ts'

export const command: Command = {
  help: `hookwarden readiness PROVIDER [--admin URL] [--token REFERENCE] [--least N] [--json]

Asks a running instance whether a provider in report mode can be enforced: how many of its deliveries were proven without a
break, and what would have been refused, and why. Forgeries that no secret of the map explains do not count against it.

  --admin URL        the admin listener (${USUAL_ADMIN})
  --token REFERENCE  env:NAME or file:PATH of the token that \`admin_auth\` wants
  --least N          how many proven deliveries are enough (10)
  --json             for machines

Example: hookwarden readiness github
Exit codes: 0 safe to enforce, 1 not yet, 2 it cannot be done as asked.`,

  async main(args) {
    const { word, values } = readWordAndArguments(args, 'provider', {
      admin: { type: 'string', default: USUAL_ADMIN },
      token: { type: 'string' },
      least: { type: 'string', default: '10' },
      json: { type: 'boolean', default: false },
    })
    if (!/^[1-9]\d{0,8}$/.test(values.least))
      throw new Fault('usage', '--least: a number from 1 on')
    const read = await metricsOf(values.admin, values.token, machineSources(false))
    const state = stateOf(word, read)
    return tell(
      judge(state, Number(values.least)),
      values.json,
      systemClock.wall(),
      processTerminal,
    )
  },
}

/** What a running instance knows of one provider since it started. */
export interface ProviderState {
  readonly provider: string
  readonly mode: string
  readonly ready: boolean
  /** Whether anything proves its sender. */
  readonly signed: boolean
  /** Proven deliveries since the last that its own sender got wrong, and since when; wall clock, 0 for never. */
  readonly streak: number
  readonly since: Millis
  /** Proven deliveries since the start. */
  readonly proven: number
  /** What report mode let pass, or enforcing refused, by reason. */
  readonly refusals: Readonly<Record<string, number>>
  /** What was found of a sample of them. */
  readonly findings: Readonly<Record<string, number>>
}

/** A judgement with its grounds. */
export interface Judgement extends ProviderState {
  readonly safe: boolean
  /** What blocks, in sentences; empty where nothing does. */
  readonly blocks: readonly string[]
}

/** Reads what the metrics say of a provider. Throws a fault where the instance has none of that name. */
export function stateOf(provider: string, read: readonly Reading[]): ProviderState {
  const own = read.filter(({ labels }) => labels.provider === provider)
  const value = (name: string) => own.find(one => one.name === `hookwarden_${name}`)?.value ?? 0
  const info = own.find(({ name }) => name === 'hookwarden_provider_info')?.labels
  if (info === undefined) throw unknown(provider, read)
  const counted = (name: string, label: string, only = (_: Reading) => true) =>
    Object.fromEntries(
      own
        .filter(one => one.name === `hookwarden_${name}` && one.value > 0 && only(one))
        .map(({ labels, value }) => [labels[label] ?? '', value]),
    )
  const mode = info.mode ?? ''
  return {
    provider,
    mode,
    ready: value('provider_ready') === 1,
    signed: info.signed !== 'none',
    streak: value('proven_streak'),
    since: value('proven_streak_since_timestamp_seconds') * 1000,
    proven: own
      .filter(({ name }) => name === 'hookwarden_verified_total')
      .reduce((sum, one) => sum + one.value, 0),
    refusals: counted('rejections_total', 'reason', ({ labels }) =>
      mode === 'report' ? labels.mode === 'report' : UNPROVEN.test(labels.reason ?? ''),
    ),
    findings: counted('explanations_total', 'finding'),
  }
}

/** Reasons that are about what proves a sender. */
const UNPROVEN = /^(?:signature|timestamp|token)_/

function unknown(provider: string, read: readonly Reading[]): Fault {
  const names = read
    .filter(({ name }) => name === 'hookwarden_provider_info')
    .map(({ labels }) => labels.provider ?? '')
  if (names.length === 0) return new Fault('admin', 'these are no metrics of Hookwarden')
  const near = nearest(provider, names)
  const hint = near === undefined ? `it has ${names.join(', ')}` : `did you mean '${near}'?`
  return new Fault('usage', `the instance serves no provider '${provider}': ${hint}`)
}

/** Whether enforcing would refuse a genuine delivery, as far as the last streak tells. */
export function judge(state: ProviderState, least: number): Judgement {
  const { streak, signed, ready, mode } = state
  const own = Object.entries(state.findings).filter(([code]) => !isAnybodys(code))
  const refused = Object.values(state.refusals).reduce((sum, count) => sum + count, 0)
  const blocks: string[] = []
  if (mode === 'off') blocks.push('it is switched off, so nothing was judged')
  if (!signed) blocks.push('nothing proves its sender: there is nothing to enforce')
  if (!ready) blocks.push('its secret cannot be used: `hookwarden check` says why')
  if (signed && ready && streak < least) {
    const since = own.length === 0 ? '' : ' since the last that its sender got wrong'
    blocks.push(
      streak === 0
        ? `no delivery was proven${since}`
        : `${counted(streak, 'proven delivery', 'proven deliveries')}${since}, fewer than ${least}`,
    )
  }
  if (streak >= least && refused > state.proven)
    blocks.push('more would be refused than was proven: is there a sender with another secret?')
  return { ...state, safe: blocks.length === 0, blocks }
}

function isAnybodys(code: string): boolean {
  return ANYBODYS.some(one => one === code)
}

/** Writes a judgement; gives the exit code. */
export function tell(judgement: Judgement, json: boolean, now: Millis, terminal: Terminal): number {
  const { provider, mode, safe, blocks, streak, since, proven } = judgement
  if (json) {
    terminal.out(JSON.stringify(judgement, null, 2))
    return safe ? 0 : 1
  }
  const refused = Object.values(judgement.refusals).reduce((sum, count) => sum + count, 0)
  const { paint, out } = terminal
  out(`${paint('bold', provider)}  mode ${mode}`)
  out(
    `  proven         ${proven} since the start${streak === proven ? '' : `, the last ${streak} without a break`}`,
  )
  out(`  not proven     ${refused}${listed(judgement.refusals)}`)
  for (const [code, count] of Object.entries(judgement.findings)) {
    const row = code in FINDINGS ? FINDINGS[code as keyof typeof FINDINGS] : undefined
    out(`  found          ${count} of a sample: ${code}${row === undefined ? '' : `, ${row.says}`}`)
    if (row !== undefined && streak === 0)
      out(`  ${paint('green', 'fix:')} ${row.fix}; docs/findings/${code}.md`)
  }
  if (!safe) {
    for (const block of blocks) out(paint('red', `not yet: ${block}`))
    return 1
  }
  const over = since > 0 && now > since ? ` in ${lasting(now - since)}` : ''
  const strays =
    refused === 0
      ? '0 would be refused'
      : `${refused} not proven, none of them its sender's own as far as was found`
  const what = `${counted(streak, 'delivery', 'deliveries')}${over}, ${streak} verified, ${strays}`
  out(paint('green', `${what}: safe to enforce`))
  if (mode === 'enforce') out('it is enforced already')
  return 0
}

function listed(counts: Readonly<Record<string, number>>): string {
  const all = Object.entries(counts).map(([word, count]) => `${word} ${count}`)
  return all.length === 0 ? '' : `: ${all.join(', ')}`
}

function counted(count: number, one: string, many: string): string {
  return `${count} ${count === 1 ? one : many}`
}

const HOUR = 3600e3
const DAY = 24 * HOUR

/** A time as people say it. */
function lasting(time: Millis): string {
  if (time >= 2 * DAY) return `${Math.floor(time / DAY)} days`
  if (time >= 2 * HOUR) return `${Math.floor(time / HOUR)} hours`
  return time >= 120e3
    ? `${Math.floor(time / 60e3)} minutes`
    : formatMillis(Math.floor(time / 1000) * 1000)
}
