import type { CompileOptions, HeadPart, SignedBytes } from './compiled.ts'
import { hashOf } from './filters.ts'
import type { Issues } from './issue.ts'
import { type Part, parseTemplate } from './template.ts'

/** What a token signs, and what stands in for a template that cannot be read. */
export const NOTHING: SignedBytes = { before: [], body: undefined, after: [] }

/** Reads `sign`: parts of the head around at most one body. */
export function parseSigned(
  text: string,
  variables: readonly string[],
  options: CompileOptions,
  issues: Issues,
): SignedBytes {
  const known = issues.found.length
  const parts = parseTemplate(text, 'sign', variables, issues).map(part =>
    withBase(part, options, issues),
  )
  for (const { source, column } of parts) {
    if (source !== 'secret') continue
    issues.add('sign', column, "an HMAC takes its secret as the key: write {secret} in 'key'")
  }
  const [body, ...more] = parts.filter(part => part.source === 'body')
  for (const { column } of more) issues.add('sign', column, '{body} can stand here only once')
  const [first] = body?.filters ?? []
  if (body !== undefined && first !== undefined && hashOf(first) === undefined) {
    // a hash runs over a body while it arrives; anything else would need the whole of it
    issues.later('sign', body.column, `{body|${first.name}}, with anything but a hash first,`)
  }
  if (issues.found.length === known && parts.every(part => part.source === 'text')) {
    const message = "nothing of the delivery is signed: name at least one source, such as '{body}'"
    issues.add('sign', 1, message)
  }
  const index = body === undefined ? parts.length : parts.indexOf(body)
  return {
    before: parts.slice(0, index).filter(isHeadPart),
    body: body?.filters,
    after: parts.slice(index + 1).filter(isHeadPart),
  }
}

/** Reads `key`: text and the secret, nothing that a sender could choose. */
export function parseKey(text: string, issues: Issues): Part[] {
  const known = issues.found.length
  const parts = parseTemplate(text, 'key', [], issues)
  for (const { source, column } of parts) {
    if (source === 'text' || source === 'secret') continue
    issues.add('key', column, 'a key is made of the secret alone, never of what a sender wrote')
  }
  if (issues.found.length === known && !parts.some(part => part.source === 'secret')) {
    issues.add('key', 1, 'the key does not use {secret}: anybody could sign with it')
  }
  return parts
}

/** Whether the head alone decides what the part comes to. */
export function isHeadPart(part: Part): part is HeadPart {
  return part.source !== 'body' && part.source !== 'secret'
}

/** Gives `{url}` the configured base that the target is appended to. */
function withBase(part: Part, { publicUrl }: CompileOptions, issues: Issues): Part {
  if (part.source !== 'url') return part
  if (publicUrl === undefined) {
    issues.add('sign', part.column, "{url} needs 'public_url': what senders call, as they sign it")
    return part
  }
  return { ...part, name: publicUrl.replace(/\/$/, '') }
}
