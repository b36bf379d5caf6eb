import { type Html, html, raw } from './html.ts'
import { document } from './page.ts'

/** A page of `docs/` for whoever follows a link of the status page: what the Markdown there uses, and no more. */
export function leafletPage(title: string, markdown: string): Html {
  return html`${document({ title, level: 'ok', reload: false })}
<header><b>Hookwarden</b><span><a href="/">Status</a></span></header>
<main><article>${blocks(markdown)}</article></main>
</body></html>
`
}

function blocks(markdown: string): Html[] {
  const out: Html[] = []
  const lines = markdown.split('\n')
  for (let at = 0; at < lines.length; ) {
    const [taken, made] = block(lines, at)
    if (made !== undefined) out.push(made)
    at += Math.max(1, taken)
  }
  return out
}

/** One block from a line on: how many lines it takes, and what it is. */
function block(lines: readonly string[], at: number): [number, Html | undefined] {
  const line = lines[at] ?? ''
  if (line.trim() === '') return [1, undefined]
  const heading = /^(#{1,3}) (.+)$/.exec(line)
  if (heading !== null) {
    const tag = `h${heading[1]?.length ?? 1}`
    return [1, html`${raw(`<${tag}>`)}${inline(heading[2] ?? '')}${raw(`</${tag}>`)}`]
  }
  if (line.startsWith('```')) {
    const end = lines.findIndex((one, i) => i > at && one.startsWith('```'))
    const last = end === -1 ? lines.length : end
    return [
      last - at + 1,
      html`<pre tabindex="0"><code>${lines.slice(at + 1, last).join('\n')}</code></pre>`,
    ]
  }
  const bullet = /^(?:[-*]|\d+\.) /
  const ends = lines.findIndex((one, i) => i > at && (one.trim() === '' || /^(?:#|```)/.test(one)))
  const own = lines.slice(at, ends === -1 ? lines.length : ends)
  if (!bullet.test(line)) return [own.length, html`<p>${inline(own.join(' '))}</p>`]
  const items: string[] = []
  for (const one of own) {
    if (bullet.test(one)) items.push(one.replace(bullet, ''))
    else items.push(`${items.pop() ?? ''} ${one.trim()}`)
  }
  const tag = /^\d/.test(line) ? 'ol' : 'ul'
  const made = items.map(one => html`<li>${inline(one)}</li>`)
  return [own.length, html`${raw(`<${tag}>`)}${made}${raw(`</${tag}>`)}`]
}

const INLINE = /`([^`]+)`|\*\*([^*]+)\*\*|\[([^\]]+)\]\(([^)\s]+)\)/g

function inline(text: string): Html[] {
  const out: Html[] = []
  let from = 0
  for (const match of text.matchAll(INLINE)) {
    const [all, code, strong, label, target] = match
    out.push(html`${text.slice(from, match.index)}`)
    if (code !== undefined) out.push(html`<code>${code}</code>`)
    else if (strong !== undefined) out.push(html`<strong>${strong}</strong>`)
    else out.push(link(label ?? '', target ?? ''))
    from = match.index + all.length
  }
  return [...out, html`${text.slice(from)}`]
}

/** Pages of the same two folders are served here; what lies elsewhere is named. */
function link(label: string, target: string): Html {
  const page = /^(?:\.\.\/(reasons|findings)\/)?([a-z_]+)\.md$/.exec(target)
  if (page !== null)
    return html`<a href="${page[1] === undefined ? '' : `/docs/${page[1]}/`}${page[2]}">${label}</a>`
  return html`${label} (<code>${target.replace(/^(?:\.\.\/)+/, 'docs/')}</code>)`
}
