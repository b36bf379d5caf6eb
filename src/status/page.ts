import { certificatesCard, limitsCard, mapCard, upstreamCard } from './cards.ts'
import { coded, type Html, html, raw } from './html.ts'
import { judge, type Level, type Notice } from './judge.ts'
import { providersTable } from './providers.ts'
import { refusalsTable } from './refusals.ts'
import { SCRIPT } from './script.ts'
import type { Status } from './status.ts'
import { STYLE } from './style.ts'
import { counted, inHour, some } from './words.ts'

/** The status page. It needs no script; with it, the page looks again by itself. */
export function statusPage(status: Status): Html {
  const notices = judge(status)
  const level = notices[0]?.level ?? 'ok'
  const at = new Date(status.now).toISOString()
  return html`${document({ title: titleOf(notices), level, reload: true })}
<header><b>Hookwarden</b><span id="head">${status.version} · <time datetime="${at}">${at.slice(0, 19).replace('T', ' ')} UTC</time></span><button id="pause" type="button" hidden>Pause</button></header>
<main>
<div id="lost" class="verdict bad" role="alert"><b></b></div>
${verdict(status, notices, level)}
<h2 id="providers-title">Providers</h2>
${providersTable(status, notices)}
<div id="cards" class="cards">${upstreamCard(status)}${limitsCard(status)}${certificatesCard(status)}${mapCard(status)}</div>
<h2 id="refusals-title">Last refusals</h2>
${refusalsTable('refusals', status.refusals, status.now)}
<details><summary>Requests without a route (scanners, mostly)</summary>
${refusalsTable('strays', status.strays, status.now)}</details>
</main>
<footer>What this page counts begins with the start of the process. <a href="/metrics">Metrics</a> and alerts look further back.</footer>
<script>${raw(SCRIPT)}</script>
</body></html>
`
}

/** Everything up to the body. @param reload whether the page looks again by itself where no script runs */
export function document(about: {
  readonly title: string
  readonly level: Level | 'ok'
  readonly reload: boolean
}): Html {
  const reload = about.reload
    ? html`<noscript><meta http-equiv="refresh" content="5"></noscript>`
    : undefined
  return html`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">
<title>${about.title}: Hookwarden</title><link rel="icon" href="${icon(about.level)}">${reload}
<style>${raw(STYLE)}</style></head><body>`
}

const DOTS = { ok: '%231a7f4b', warn: '%23e09600', bad: '%23d0342c' } as const

/** A dot in the tab: seen without turning to it. */
function icon(level: Level | 'ok'): string {
  return `data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 9 9'%3E%3Ccircle cx='4.5' cy='4.5' r='4' fill='${DOTS[level]}'/%3E%3C/svg%3E`
}

function titleOf(notices: readonly Notice[]): string {
  if (notices.length === 0) return 'fine'
  const bad = notices.filter(one => one.level === 'bad').length
  return bad > 0 ? `${bad} wrong` : `${notices.length} to look at`
}

function verdict(status: Status, notices: readonly Notice[], level: Level | 'ok'): Html {
  return html`<section id="verdict" class="verdict ${level}" aria-live="polite">
<h1>${HEADS[level]} ${headline(notices)}</h1>
<p>${summary(status)}</p>
${notices.length === 0 ? undefined : html`<ol>${notices.map(item)}</ol>`}
</section>`
}

/** Said in words and in a sign, so that no colour has to be told apart. */
const HEADS = { ok: '✓', warn: '!', bad: '✗' } as const

function headline(notices: readonly Notice[]): string {
  const [first] = notices
  if (first === undefined) return 'Everything is fine'
  if (notices.length === 1)
    return first.level === 'bad' ? 'One thing is wrong' : 'One thing to look at'
  const bad = notices.filter(one => one.level === 'bad').length
  const rest = notices.length - bad
  if (bad === 0) return `${rest} things to look at`
  const wrong = bad === 1 ? 'One thing is wrong' : `${bad} things are wrong`
  return rest === 0 ? wrong : `${wrong}, ${rest} more to look at`
}

function summary({ providers }: Status): string {
  const sum = (what: 'accepted' | 'refused' | 'lost') =>
    providers.reduce((all, one) => all + inHour(one.hour, what), 0)
  const reporting = providers.filter(one => one.mode === 'report').length
  const lost = sum('lost')
  return [
    `${some(providers.length, 'provider')}: ${counted(sum('accepted'))} accepted and ${counted(sum('refused'))} refused in the last hour`,
    ...(lost > 0 ? [`${counted(lost)} lost or erring at Automatisch`] : []),
    ...(reporting > 0
      ? [`${reporting} only in report mode, which lets what is not proven pass`]
      : []),
  ].join('; ')
}

function item({ level, says, fix, page }: Notice): Html {
  const link = page === undefined ? undefined : html` <a href="/docs/${page}">More on it</a>`
  return html`<li><b><span class="mark ${level}">${level === 'bad' ? 'Wrong' : 'Look'}</span> ${coded(says)}</b>${coded(fix)}${link}</li>`
}
