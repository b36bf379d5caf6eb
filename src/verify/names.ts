import { nearest } from '../spelling.ts'
import type { Issues } from './issue.ts'

/** Values of a provider's entry that templates may name. */
export const CONFIGURED = ['key_id', 'webhook_id', 'cert_url', 'topic_arn', 'username'] as const
export type ConfiguredName = (typeof CONFIGURED)[number]

/** What the entry of a provider gives, by the names of its keys. */
export type Configured = Readonly<Partial<Record<ConfiguredName, string>>>

/** Sources that stand for themselves. */
export const BARE = [
  'body',
  'method',
  'url',
  'target',
  'path',
  'secret',
  'sorted-query',
  'sorted-form',
  'sns',
] as const

/** Sources that need a name after a colon. */
export const ARGUED = ['header', 'query', 'form', 'json', 'signed-headers'] as const

/** What names mean in a template: what the items bind, in the order of their slots, and what is configured. */
export interface Scope {
  readonly variables: readonly string[]
  readonly values: Configured
  /** What `{url}` puts before the target, without a slash at its end. */
  readonly publicUrl: string | undefined
}

/** Whether a template already means something by the word, so that no variable can be called so. */
export function isReserved(word: string): boolean {
  return [...BARE, ...ARGUED, ...CONFIGURED].some(known => known === word)
}

/** The configured value as bytes; an issue where the entry has none. */
export function configured(
  name: ConfiguredName,
  { values }: Scope,
  key: string,
  column: number,
  issues: Issues,
): string | undefined {
  const value = values[name]
  if (value !== undefined) return Buffer.from(value).toString('latin1')
  issues.add(key, column, `{${name}} needs '${name}' in the entry of the provider`)
  return undefined
}

/** Adds the issue of a word that means nothing here. */
export function unknownName(
  word: string,
  { variables }: Scope,
  key: string,
  column: number,
  issues: Issues,
): void {
  const known = [...BARE, ...ARGUED, ...CONFIGURED, ...variables]
  issues.add(key, column, `unknown name '${word}'`, nearest(word, known))
}
