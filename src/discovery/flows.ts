/** A flow that a webhook starts, as Automatisch's database says it. */
export interface WebhookFlow {
  /** A UUID, lower case with dashes. */
  readonly id: string
  /** Key of the trigger's app, such as `github`. */
  readonly app: string
  readonly sync: boolean
  readonly published: boolean
}

/** More is no installation of Automatisch, and would hold up deliveries for more than a moment at each change. */
export const MOST = 20_000

/** Whether a value is a flow: an id that is none, or an app that no map could name, is nothing to us. */
export function isFlow(value: unknown): value is WebhookFlow {
  if (typeof value !== 'object' || value === null) return false
  const { id, app, sync, published } = value as Readonly<Record<string, unknown>>
  return (
    typeof id === 'string' &&
    /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(id) &&
    typeof app === 'string' &&
    /^[a-z0-9][a-z0-9_-]{0,55}$/.test(app) &&
    typeof sync === 'boolean' &&
    typeof published === 'boolean'
  )
}

/** Whether two sets are the same, both in the order of their ids. */
export function sameFlows(a: readonly WebhookFlow[], b: readonly WebhookFlow[]): boolean {
  return (
    a.length === b.length &&
    a.every((one, i) => {
      const other = b[i]
      return (
        one.id === other?.id &&
        one.app === other.app &&
        one.sync === other.sync &&
        one.published === other.published
      )
    })
  )
}

/** How much of what is published would go. */
export interface Loss {
  readonly gone: number
  readonly of: number
}

/** So few may go at once, whatever share they are. */
const FEW = 3

/**
 * What a look would take away, where that is more than somebody who tidies up does: more than half of the published
 * flows, and more than three. A database that was emptied, or restored to an old dump, looks like that.
 */
export function lossOf(
  before: readonly WebhookFlow[],
  after: readonly WebhookFlow[],
): Loss | undefined {
  const still = new Set(after.flatMap(({ id, published }) => (published ? [id] : [])))
  const published = before.filter(one => one.published)
  const gone = published.filter(({ id }) => !still.has(id)).length
  return gone > FEW && gone > published.length / 2 ? { gone, of: published.length } : undefined
}
