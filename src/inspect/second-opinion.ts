import busboy, { type Busboy } from 'busboy'
import type { Field } from './multipart.ts'

/**
 * Whether the parser that Automatisch uses reads exactly these fields in the body. It is asked only about bodies that
 * the grammar has passed: what ends Automatisch by it must not get this far.
 *
 * @param type value of Content-Type
 */
export function readsTheSame(
  type: string,
  body: Buffer,
  fields: readonly Field[],
): Promise<boolean> {
  const parser = parserOf(type)
  if (parser === undefined) return Promise.resolve(false)
  const { promise, resolve } = Promise.withResolvers<boolean>()
  let at = 0
  let same = true
  parser.on('field', (name, value, { valueTruncated }) => {
    const field = fields[at++]
    same &&= !valueTruncated && field?.name === name && field.value.toString() === value
  })
  parser.on('file', (_, file) => {
    same = false
    file.resume()
  })
  parser.on('error', () => resolve(false))
  parser.on('close', () => resolve(same && at === fields.length))
  parser.end(body)
  return promise
}

/** It throws for a type that it cannot read. */
function parserOf(type: string): Busboy | undefined {
  try {
    return busboy({ headers: { 'content-type': type } })
  } catch {
    return undefined
  }
}
