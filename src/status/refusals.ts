import { type Html, html } from './html.ts'
import type { RefusalStatus } from './status.ts'
import { ago } from './words.ts'

const HEADS = ['Time', 'Provider', 'Reason', 'Cause', 'Address', 'Request'] as const

/** The last requests that were refused or came to nothing, newest first. */
export function refusalsTable(
  id: 'refusals' | 'strays',
  refusals: readonly RefusalStatus[],
  now: number,
): Html {
  if (refusals.length === 0) return html`<p id="${id}" class="card soft">None since the start.</p>`
  return html`<table id="${id}" aria-label="${id === 'refusals' ? 'Last refusals' : 'Requests without a route'}" role="table"><thead role="rowgroup"><tr role="row">${HEADS.map(head => html`<th role="columnheader" scope="col">${head}</th>`)}</tr></thead><tbody role="rowgroup">${refusals.map(one => row(one, now))}</tbody></table>`
}

function row(one: RefusalStatus, now: number): Html {
  const at = new Date(one.at).toISOString()
  const causes = one.findings.map(
    ({ code, detail }) =>
      html`<a href="/docs/findings/${code}">${code}</a><small>${detail}</small>`,
  )
  const detail = one.detail === undefined ? undefined : html`<small>${one.detail}</small>`
  const cells = [
    html`<time datetime="${at}">${at.slice(11, 19)}</time><small>${ago(one.at, now)}</small>`,
    html`${one.provider}`,
    html`<a href="/docs/reasons/${one.reason}">${one.reason}</a>${detail}`,
    causes.length === 0 ? html`<span class="soft">not looked into</span>` : html`${causes}`,
    html`${one.address}`,
    html`<code>${one.requestId}</code>`,
  ]
  return html`<tr role="row">${cells.map((cell, i) => html`<td role="cell" data-label="${HEADS[i]}"><div>${cell}</div></td>`)}</tr>`
}
