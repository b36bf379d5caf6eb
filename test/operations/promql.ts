import type { Exposed } from '../support/exposition.ts'

/** Words of the language that are no metrics. */
const WORDS = new Set(['and', 'or', 'unless', 'bool', 'offset', 'inf', 'nan'])
/** Labels that Prometheus adds when it scrapes. */
const SCRAPED = ['job', 'instance']
/** Labels whose values come from the map or from elsewhere: nobody can list them. */
const OPEN = new Set(['provider', 'name', 'key', 'le', ...SCRAPED])

interface Matcher {
  readonly label: string
  readonly operator: string
  readonly value: string
}

/** What an expression names. */
interface Named {
  readonly selectors: readonly { readonly metric: string; readonly matchers: readonly Matcher[] }[]
  /** Labels it groups or joins by. */
  readonly grouping: readonly string[]
}

/** Reads the names out of an expression; whether it is one at all, promtool says. */
function namedIn(expression: string): Named {
  const selectors: { metric: string; matchers: Matcher[] }[] = []
  const grouping: string[] = []
  const rest = expression
    .replace(/\b(?:by|on|without|ignoring|group_left|group_right)\s*\(([^)]*)\)/g, (_, list) => {
      const labels: string[] = String(list).split(',')
      grouping.push(...labels.map(word => word.trim()).filter(word => word !== ''))
      return ' '
    })
    .replace(/([a-zA-Z_:][\w:]*)\s*\{([^}]*)\}/g, (_, metric, inside) => {
      const matchers = [...String(inside).matchAll(/(\w+)\s*(=~|!~|!=|=)\s*"((?:\\.|[^"\\])*)"/g)]
      selectors.push({
        metric: String(metric),
        matchers: matchers.map(([, label = '', operator = '', value = '']) => ({
          label,
          operator,
          value,
        })),
      })
      return ' '
    })
  for (const [metric] of rest.matchAll(/(?<![\w$.])[a-zA-Z_:][\w:]*(?![\w:]*\s*\()/g)) {
    if (!WORDS.has(metric.toLowerCase())) selectors.push({ metric, matchers: [] })
  }
  return { selectors, grouping }
}

/** What an expression names that is not exposed: metrics, labels, and values of closed labels. */
export function unknownIn(expression: string, exposed: readonly Exposed[]): string[] {
  const { selectors, grouping } = namedIn(expression)
  const problems: string[] = []
  const known = new Set<string>(SCRAPED)
  for (const { metric, matchers } of selectors) {
    const found = exposed.find(one => isOf(metric, one))
    if (found === undefined) {
      problems.push(`no metric ${metric}`)
      continue
    }
    if (metric.endsWith('_bucket')) known.add('le')
    for (const label of found.labels.keys()) known.add(label)
    for (const { label, value } of matchers) {
      if (!found.labels.has(label) && !SCRAPED.includes(label)) {
        problems.push(`no label ${label} of ${metric}`)
      } else if (!OPEN.has(label) && !value.startsWith('$')) {
        const values = found.labels.get(label) ?? new Set()
        for (const word of value.split('|'))
          if (![...values].some(one => new RegExp(`^(?:${word})$`).test(one)))
            problems.push(`no ${metric} with ${label}="${word}"`)
      }
    }
  }
  const missing = grouping.filter(label => !known.has(label))
  return [...problems, ...missing.map(label => `no label ${label} to group by`)]
}

function isOf(metric: string, { name, type }: Exposed): boolean {
  if (type !== 'histogram') return metric === name
  return ['_bucket', '_sum', '_count'].some(part => metric === `${name}${part}`)
}
