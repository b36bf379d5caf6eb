import { chart } from './chart.ts'
import { type Html, html } from './html.ts'
import type { Notice } from './judge.ts'
import type { ProviderStatus, Status } from './status.ts'
import { ago, counted, inHour, until } from './words.ts'

const HEADS = [
  'Provider',
  'State',
  'Last hour',
  'Last accepted',
  'Last refused',
  'Secret',
  'Cause',
] as const

/** A row for each provider, those with something wrong first. */
export function providersTable(status: Status, notices: readonly Notice[]): Html {
  const { providers, now } = status
  if (providers.length === 0)
    return html`<p id="providers" class="card">The map has no providers: everything is refused.</p>`
  const rank = ({ name }: ProviderStatus) => {
    const own = notices.filter(one => one.provider === name)
    return own.some(one => one.level === 'bad') ? 'bad' : own.length > 0 ? 'warn' : 'ok'
  }
  const rows = (['bad', 'warn', 'ok'] as const).flatMap(level =>
    providers.filter(one => rank(one) === level).map(one => row(one, level, now)),
  )
  return html`<table id="providers" aria-labelledby="providers-title" role="table"><thead role="rowgroup"><tr role="row">${HEADS.map(head => html`<th role="columnheader" scope="col">${head}</th>`)}</tr></thead><tbody role="rowgroup">${rows}</tbody></table>`
}

function row(one: ProviderStatus, level: 'bad' | 'warn' | 'ok', now: number): Html {
  const cells = [
    html`<b>${one.name}</b><small>${one.preset ?? 'own scheme'}</small>`,
    state(one, level),
    html`${chart(one.hour)}<small>${numbers(one)}</small>`,
    one.lastAccepted === 0
      ? html`<span class="soft">never</span>`
      : html`${when(one.lastAccepted, now)}`,
    refused(one, now),
    secret(one, now),
    causes(one, now),
  ]
  return html`<tr role="row" class="${one.mode === 'off' ? 'off' : level}">${cells.map((cell, i) => html`<td role="cell" data-label="${HEADS[i]}"><div>${cell}</div></td>`)}</tr>`
}

function state({ mode, ready }: ProviderStatus, level: 'bad' | 'warn' | 'ok'): Html {
  if (mode === 'off') return html`<span class="mark">off</span>`
  if (!ready) return html`<span class="mark bad">✗ not ready</span>`
  if (level === 'bad')
    return html`<span class="mark bad">✗ wrong</span><small>${mode}, see above</small>`
  if (level === 'warn')
    return html`<span class="mark warn">! look</span><small>${mode}, see above</small>`
  if (mode === 'report')
    return html`<span class="mark warn">report</span><small>refuses no signature</small>`
  return html`<span class="mark ok">ready</span>`
}

function numbers({ hour }: ProviderStatus): string {
  const lost = inHour(hour, 'lost')
  return [
    `${counted(inHour(hour, 'accepted'))} ok`,
    `${counted(inHour(hour, 'refused'))} refused`,
    ...(lost > 0 ? [`${counted(lost)} lost`] : []),
  ].join(' · ')
}

function refused({ lastRefused, lastReason }: ProviderStatus, now: number): Html {
  if (lastRefused === 0 || lastReason === undefined) return html`<span class="soft">never</span>`
  return html`${when(lastRefused, now)}<small><a href="/docs/reasons/${lastReason}">${lastReason}</a></small>`
}

function secret({ secret, secretEnds }: ProviderStatus, now: number): Html {
  const used =
    secret === undefined ? html`<span class="soft">none used yet</span>` : html`${secret}`
  if (secretEnds === undefined) return used
  return html`${used}<small>one ${secretEnds > now ? 'ends' : 'ended'} ${until(secretEnds, now)}</small>`
}

function causes({ found }: ProviderStatus, now: number): Html {
  if (found === undefined) return html`<span class="soft">none</span>`
  const links = found.findings.map(
    ({ code, says }) => html`<a href="/docs/findings/${code}" title="${says}">${code}</a> `,
  )
  return html`${links}<small>${ago(found.at, now)}</small>`
}

function when(at: number, now: number): Html {
  return html`<time datetime="${new Date(at).toISOString()}">${ago(at, now)}</time>`
}
