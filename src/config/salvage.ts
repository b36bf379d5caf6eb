import * as z from 'zod'
import { nearest } from '../spelling.ts'
import { isKeyed, partOf } from './document.ts'
import type { Path } from './issues.ts'
import type { Report } from './report.ts'

/** What is left of a value whose broken parts are undefined: enough for checks across keys to run all the same. */
export type Salvaged<T> = T extends readonly (infer U)[]
  ? readonly (Salvaged<U> | undefined)[]
  : T extends object
    ? { readonly [K in keyof T]?: Salvaged<T[K]> | undefined }
    : T

/**
 * Checks a value against its schema, part by part, so that one broken key hides no other. Reports every issue and
 * gives what could be read.
 */
export function salvage<S extends z.ZodType>(
  schema: S,
  value: unknown,
  path: Path,
  report: Report,
): Salvaged<z.output<S>> | undefined {
  // the walk below follows the schema, which is what makes its result the schema's output
  return readAny(schema, value, path, report) as Salvaged<z.output<S>> | undefined
}

function readAny(schema: z.core.$ZodType, value: unknown, path: Path, report: Report): unknown {
  if (value !== undefined) {
    if (schema instanceof z.ZodOptional || schema instanceof z.ZodPrefault) {
      return readAny(schema.unwrap(), value, path, report)
    }
    if (isKeyed(value)) {
      if (schema instanceof z.ZodUnion) {
        const meant = meantBy(value, schema.options)
        if (meant !== undefined) return readObject(meant, value, path, report)
      }
      if (schema instanceof z.ZodObject) return readObject(schema, value, path, report)
      if (schema instanceof z.ZodRecord) return readRecord(schema, value, path, report)
    }
  }
  const result = z.safeParse(schema, value)
  if (result.success) return result.data
  for (const issue of result.error.issues) tell(issue, value, path, report)
  return undefined
}

function readObject(
  schema: z.ZodObject,
  value: Record<string, unknown>,
  path: Path,
  report: Report,
): unknown {
  const known = Object.keys(schema.shape)
  const out: Record<string, unknown> = {}
  for (const key of known) {
    const inner = schema.shape[key]
    if (inner !== undefined) out[key] = readAny(inner, value[key], [...path, key], report)
  }
  for (const key of Object.keys(value)) {
    if (!known.includes(key)) tellUnknown(key, known, path, report)
  }
  return out
}

/** Of several sets of keys, the one that shares most with what was written. */
function meantBy(
  value: Readonly<Record<string, unknown>>,
  options: readonly z.core.$ZodType[],
): z.ZodObject | undefined {
  const shared = ({ shape }: z.ZodObject) =>
    Object.keys(shape).filter(key => value[key] !== undefined).length
  return options
    .filter(option => option instanceof z.ZodObject)
    .toSorted((a, b) => shared(b) - shared(a))[0]
}

function readRecord(
  schema: z.ZodRecord,
  value: Record<string, unknown>,
  path: Path,
  report: Report,
): unknown {
  const out: Record<string, unknown> = Object.create(null)
  for (const [key, entry] of Object.entries(value)) {
    const name = z.safeParse(schema.keyType, key)
    if (!name.success) {
      const message = name.error.issues[0]?.message ?? 'not a name'
      report.at([...path, key], { ...split(message), ofKey: true })
    }
    const read = readAny(schema.valueType, entry, [...path, key], report)
    if (name.success) out[key] = read
  }
  return out
}

/** Puts one finding of the schema library into words, with its place. */
function tell(issue: z.core.$ZodIssue, value: unknown, base: Path, report: Report): void {
  const path = [...base, ...issue.path.filter(step => typeof step !== 'symbol')]
  const given = issue.path.reduce<unknown>(partOf, value)
  if (issue.code === 'invalid_union') {
    const meant = likeliest(issue.errors)
    if (meant !== undefined) {
      for (const inner of meant) tell(inner, given, path, report)
      return
    }
  }
  const { message, fix } = split(issue.message)
  if (given === undefined) report.at(path, { message: `missing: ${message}`, fix })
  else if (given === null) report.at(path, { message: `empty: ${message}`, fix })
  else if (issue.code === 'invalid_type' || issue.code === 'invalid_union') {
    report.at(path, { message: `${message}, got ${kindOf(given)}`, fix })
  } else report.at(path, { message, fix })
}

/** Of the alternatives for what has no keys, the one the operator probably meant: right in kind, fewest faults. */
function likeliest(
  alternatives: readonly (readonly z.core.$ZodIssue[])[],
): readonly z.core.$ZodIssue[] | undefined {
  const offKind = (issue: z.core.$ZodIssue) =>
    issue.path.length === 0 && (issue.code === 'invalid_type' || issue.code === 'invalid_value')
  return alternatives
    .filter(issues => !issues.some(offKind))
    .toSorted((a, b) => a.length - b.length)[0]
}

function tellUnknown(key: string, known: readonly string[], path: Path, report: Report): void {
  const near = nearest(key, known)
  const fix = near === undefined ? `known here: ${known.join(', ')}` : `did you mean \`${near}\`?`
  report.at([...path, key], { message: `unknown key \`${key}\``, fix, ofKey: true })
}

function split(text: string): { readonly message: string; readonly fix: string | undefined } {
  const [message = '', fix] = text.split('\n')
  return { message, fix }
}

function kindOf(value: unknown): string {
  if (Array.isArray(value)) return 'a list'
  switch (typeof value) {
    case 'string':
      return 'text'
    case 'number':
      return 'a number'
    case 'boolean':
      return `\`${value}\``
    default:
      return 'keys'
  }
}
