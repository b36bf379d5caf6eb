import * as z from 'zod'

/**
 * The one source of the map's grammar: its type, its checks, the JSON Schema for editors and the reference page.
 * Every key says what it is for; every optional key has a default, or says what happens without it, and why.
 */
interface Notes {
  readonly description: string
  /** Why the default is what it is; with `otherwise`, why that happens. */
  readonly because: string
  /** What an absent key comes to, where no fixed value says it. */
  readonly otherwise?: string
}

/** A key with a fixed default, given as one would write it. */
export function filled<S extends z.ZodType>(
  schema: S,
  value: z.input<S>,
  description: string,
  because: string,
) {
  return schema.prefault(() => value).meta({ description, because } satisfies Notes)
}

/** A key whose absence means something that is not one value. */
export function optional<S extends z.ZodType>(
  schema: S,
  otherwise: string,
  description: string,
  because: string,
) {
  return schema.optional().meta({ description, otherwise, because } satisfies Notes)
}

export function list<S extends z.ZodType>(item: S, what: string, least = 0) {
  return z
    .array(item, { error: `expected a list of ${what}` })
    .min(least, { error: `expected at least one of ${what}` })
    .max(10_000, { error: 'expected at most 10000 entries' })
}

export function group<S extends z.core.$ZodLooseShape>(shape: S) {
  return z.strictObject(shape, { error: 'expected keys with values' })
}

/** Text that may not be empty. */
export function template(says: string) {
  return z.string({ error: `expected text: ${says}` }).min(1, { error: `expected text: ${says}` })
}
