import { hash } from 'node:crypto'
import fc from 'fast-check'
import t from 'tap'
import { chart } from '../../../src/status/chart.ts'
import { html } from '../../../src/status/html.ts'
import { leafletPage } from '../../../src/status/leaflet.ts'
import { statusPage } from '../../../src/status/page.ts'
import { POLICY } from '../../../src/status/policy.ts'
import type { RefusalStatus } from '../../../src/status/status.ts'
import { ago, lengthInWords, sizeInWords, until } from '../../../src/status/words.ts'
import { DAY, hour, MINUTE, NOW, provider, QUIET, status } from './subject.ts'

const refusal = (change: Partial<RefusalStatus> = {}): RefusalStatus => ({
  at: NOW - MINUTE,
  provider: 'github',
  reason: 'signature_mismatch',
  address: '203.0.113.7',
  requestId: 'r-1',
  bytes: 7,
  detail: undefined,
  findings: [],
  ...change,
})

/** Tags and text of a page, less the script and the style sheet. */
const seen = (page: string) =>
  page.replace(/<(script|style)>[\s\S]*?<\/\1>/g, '').replaceAll(/\s+/g, ' ')

t.test('the top line says whether it is fine, and the title says the same', async t => {
  for (const [change, head, title] of [
    [{}, '✓ Everything is fine', 'fine'],
    [{ overloaded: true }, '! One thing to look at', '1 to look at'],
    [{ clockSuspect: true }, '✗ One thing is wrong', '1 wrong'],
    [
      { clockSuspect: true, overloaded: true },
      '✗ One thing is wrong, 1 more to look at',
      '1 wrong',
    ],
  ] as const) {
    const page = statusPage(status(change)).text
    t.ok(page.includes(`<h1>${head}</h1>`), head)
    t.ok(page.includes(`<title>${title}: Hookwarden</title>`), title)
  }
})

t.test('a provider has its row: what it is, how it went, and where to read on', async t => {
  const page = seen(
    statusPage(
      status({
        providers: [
          provider('fine'),
          provider('ill', {
            mode: 'report',
            hour: hour({ accepted: 3, refused: 1234 }),
            lastRefused: NOW - 3 * MINUTE,
            lastReason: 'timestamp_stale',
            secretEnds: NOW + 3 * DAY,
            leaks: 1,
            found: {
              at: NOW - MINUTE,
              findings: [{ code: 'clock_off', says: 'x', fix: 'y', genuine: true }],
            },
          }),
        ],
      }),
    ).text,
  )
  const [, ill = '', fine = ''] = page.split('<tr role="row" class="')
  t.match(ill, /^bad"/, 'what is wrong comes first')
  for (const part of [
    '<b>ill</b>',
    'report, see above',
    '3 ok · 1,234 refused',
    '12 s ago',
    '3 min ago',
    '<a href="/docs/reasons/timestamp_stale">timestamp_stale</a>',
    'one ends in 3 days',
    '<a href="/docs/findings/clock_off"',
  ])
    t.ok(ill.includes(part), part)
  for (const part of ['>ready<', 'never', 'current']) t.ok(fine.includes(part), part)
})

t.test('refusals tell time, provider, reason, cause and address', async t => {
  const page = seen(
    statusPage(
      status({
        refusals: [
          refusal({ findings: [{ code: 'secret_space', detail: 'one blank too many' }] }),
          refusal({ reason: 'upstream_error', detail: 'ECONNREFUSED' }),
        ],
        strays: [refusal({ provider: 'none', reason: 'no_route', address: '2001:db8::1' })],
      }),
    ).text,
  )
  for (const part of [
    '03:03:05',
    '203.0.113.7',
    'one blank too many',
    'ECONNREFUSED',
    'no_route',
    '2001:db8::1',
  ])
    t.ok(page.includes(part), part)
})

t.test('below stand upstream, limits, certificates and the map', async t => {
  const page = seen(
    statusPage(
      status({
        upstream: { ...status().upstream, circuit: 2 },
        fills: [
          { name: 'Held bytes', used: 3 * 1024 * 1024, most: 64 * 1024 * 1024, unit: 'bytes' },
          { name: 'github', used: 0.5, most: 1, unit: 'share' },
        ],
        store: { shared: true, up: false, errors: 3 },
        generation: {
          number: 4,
          since: NOW - DAY,
          failed: { at: NOW, issues: ['map.yaml:4:3 oh'] },
        },
        discovery: { up: true, doubted: false, flows: 17, unprotected: [] },
      }),
    ).text,
  )
  for (const part of [
    '>away<',
    '3.0 MiB of 64.0 MiB',
    '50 %',
    'ends in 60 days',
    'map.yaml:4:3 oh',
    '<dd>17</dd>',
    '<dd>4</dd>',
  ])
    t.ok(page.includes(part), part)
  t.ok(seen(statusPage(status({ certificates: [], providers: [] })).text).includes('no providers'))
})

t.test('whatever a text holds, it makes no tag and ends no attribute', async t => {
  const evil = fc.string({ unit: fc.constantFrom(...'<>"\'&/=script onx`') })
  const frame = (text: string) => seen(text).match(/<[^>]*>/g)?.length
  const empty = statusPage(
    status({ refusals: [refusal({ detail: 'x', findings: [{ code: 'c', detail: 'x' }] })] }),
  ).text
  fc.assert(
    fc.property(evil, text => {
      const page = statusPage(
        status({
          refusals: [
            refusal({ detail: text, address: text, findings: [{ code: 'c', detail: text }] }),
          ],
        }),
      ).text
      return frame(page) === frame(empty)
    }),
  )
  t.equal(html`<a title="${`"'<&>`}">`.text, '<a title="&quot;&#39;&lt;&amp;&gt;">')
})

t.test(
  'the browser may run the one script and no other, and nothing comes from elsewhere',
  async t => {
    const page = statusPage(status()).text
    const [, script = ''] = /<script>([\s\S]*?)<\/script>/.exec(page) ?? []
    const [, style = ''] = /<style>([\s\S]*?)<\/style>/.exec(page) ?? []
    for (const text of [script, style])
      t.ok(POLICY.includes(`'sha256-${hash('sha256', text, 'base64')}'`))
    t.match(POLICY, /^default-src 'none'; /)
    t.notMatch(POLICY, /unsafe|https?:|\*/)
    t.notMatch(page, /(?:src|href)="?(?:https?:)?\/\//, 'no address elsewhere')
    t.notMatch(page, / style="/, 'the policy would not let it through')
    t.notMatch(page.replace(/<script>[\s\S]*<\/script>/, ''), / on[a-z]+="/)
  },
)

t.test('without script the page looks again by itself, and only then', async t => {
  t.match(
    statusPage(status()).text,
    /<noscript><meta http-equiv="refresh" content="5"><\/noscript>/,
  )
  t.notMatch(leafletPage('x', '# x').text, /refresh/)
})

t.test('a chart says in words what it draws, and one scale holds for both halves', async t => {
  const drawn = chart(hour({ accepted: 4, refused: 8, lost: 2 })).text
  t.match(drawn, /aria-label="4 accepted, 10 refused or lost in the last hour"/)
  t.match(drawn, /class="no"[^>]*height="14.0"/)
  t.match(drawn, /class="ok"[^>]*height="5.6"/)
  t.notMatch(chart(QUIET).text, /class="(?:ok|no)"/)
})

t.test('a page of docs/ is shown with what Markdown it uses', async t => {
  const page = leafletPage(
    'x',
    '# `x`: a <b>\n\nSome `code`\nand **more**, see [it](circuit_open.md) and [that](../handshakes.md).\n\n1. one\n   more\n2. two\n\n- a\n\n```sh\nls <x>\n```\n',
  ).text
  for (const part of [
    '<h1><code>x</code>: a &lt;b&gt;</h1>',
    '<p>Some <code>code</code> and <strong>more</strong>, see <a href="circuit_open">it</a> and that (<code>docs/handshakes.md</code>).</p>',
    '<ol><li>one more</li><li>two</li></ol>',
    '<ul><li>a</li></ul>',
    '<code>ls &lt;x&gt;</code></pre>',
  ])
    t.ok(page.includes(part), part)
})

t.test('times and sizes are said as people say them', async t => {
  t.equal(lengthInWords(59_999), '59 s')
  t.equal(lengthInWords(MINUTE), '1 min')
  t.equal(lengthInWords(47 * 60 * MINUTE), '47 h')
  t.equal(lengthInWords(2 * DAY), '2 days')
  t.equal(ago(NOW - 10, NOW), 'now')
  t.equal(until(NOW + MINUTE, NOW), 'in 1 min')
  t.same([10, 2048, 3 * 1024 * 1024].map(sizeInWords), ['10 B', '2 KiB', '3.0 MiB'])
})
