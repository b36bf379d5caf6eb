import { type Html, html } from './html.ts'
import type { Fill, Status } from './status.ts'
import { ago, counted, sizeInWords, until } from './words.ts'

const CIRCUIT = [
  ['ok', 'reachable'],
  ['warn', 'reachable, an answer came late'],
  ['bad', 'away'],
] as const

export function upstreamCard({ upstream, inFlight, store }: Status): Html {
  const [level, says] = CIRCUIT[upstream.circuit]
  return card('Automatisch', [
    ['Address', html`${upstream.url}`],
    ['State', html`<span class="mark ${level}">${says}</span>`],
    ['Answered', html`${counted(upstream.answered)}`],
    ['Failed', html`${counted(upstream.failed)}`],
    ['Too late', html`${counted(upstream.late)}`],
    ['In flight', html`${counted(inFlight)}`],
    ...(store.shared
      ? ([
          [
            'Shared store',
            store.up
              ? html`<span class="mark ok">answers</span>, ${counted(store.errors)} errors`
              : html`<span class="mark bad">away</span>`,
          ],
        ] as const)
      : []),
  ])
}

/** How full each bound is. */
export function limitsCard({ fills, overloaded }: Status): Html {
  const load = overloaded
    ? html`<span class="mark bad">overloaded</span>`
    : html`<span class="mark ok">fine</span>`
  return html`<section class="card"><h2>Limits, how full</h2><dl>${row('Load', load)}${fills.map(fill)}</dl></section>`
}

function fill(one: Fill): Html {
  const { name, used, most } = one
  return html`<div><dt>${name}</dt><dd>${inWords(one)}</dd><dd class="meter"><meter min="0" max="${most}" high="${most * 0.8}" value="${Math.min(used, most)}" aria-label="${name}"></meter></dd></div>`
}

function inWords({ used, most, unit }: Fill): string {
  if (unit === 'share') return `${Math.round((100 * used) / most)} %`
  if (unit === 'bytes') return `${sizeInWords(used)} of ${sizeInWords(most)}`
  return `${counted(used)} of ${counted(most)}`
}

export function certificatesCard({ certificates, now }: Status): Html {
  if (certificates.length === 0)
    return card('Certificates', [['None', html`TLS is ended in front of this process`]])
  return card(
    'Certificates',
    certificates.map(({ name, notAfter }) => [
      name,
      html`${notAfter > now ? 'ends' : 'ended'} ${until(notAfter, now)}<br><span class="soft">${new Date(notAfter).toISOString().slice(0, 10)}</span>`,
    ]),
  )
}

export function mapCard({ generation, discovery, now }: Status): Html {
  const { number, since, failed } = generation
  return card('Map', [
    ['Generation', html`${number}`],
    [
      'Served since',
      html`<time datetime="${new Date(since).toISOString()}">${ago(since, now)}</time>`,
    ],
    ...(discovery === undefined
      ? []
      : [['Discovered flows', html`${counted(discovery.flows)}`] as const]),
    ...(failed === undefined
      ? []
      : [
          [
            'Last change',
            html`<span class="mark bad">cannot be used</span>, ${ago(failed.at, now)}`,
          ] as const,
        ]),
    ...(failed?.issues.map(issue => ['Issue', html`${issue}`] as const) ?? []),
  ])
}

function card(title: string, rows: readonly (readonly [string, Html])[]): Html {
  return html`<section class="card"><h2>${title}</h2><dl>${rows.map(([term, says]) => row(term, says))}</dl></section>`
}

function row(term: string, says: Html): Html {
  return html`<div><dt>${term}</dt><dd>${says}</dd></div>`
}
