/** Text that is HTML already. */
export class Html {
  readonly text: string

  constructor(text: string) {
    this.text = text
  }
}

type Value = string | number | undefined | Html | readonly Html[]

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

/** Puts HTML together. Whatever is not HTML already is escaped, in attributes as well: write those in quotes. */
export function html(parts: TemplateStringsArray, ...values: readonly Value[]): Html {
  return new Html(parts.map((part, i) => (i === 0 ? part : written(values[i - 1]) + part)).join(''))
}

/** Text with `code` in it, as its Markdown has it. */
export function coded(text: string): Html {
  const parts = text.split('`')
  if (parts.length % 2 === 0) return html`${text}` // one that is not closed
  return html`${parts.map((part, i) => (i % 2 === 1 ? html`<code>${part}</code>` : html`${part}`))}`
}

/** HTML of our own that stands in a constant. */
export function raw(text: string): Html {
  return new Html(text)
}

function written(value: Value): string {
  if (value === undefined) return ''
  if (value instanceof Html) return value.text
  if (typeof value === 'object') return value.map(one => one.text).join('')
  return escaped(`${value}`)
}

function escaped(text: string): string {
  return text.replace(/[&<>"']/g, character => ENTITIES[character] ?? '')
}
