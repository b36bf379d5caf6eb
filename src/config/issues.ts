/** Keys and list positions from the top of the map to a value. */
export type Path = readonly (string | number)[]

/** One thing the operator has to put right, with its place. */
export interface Issue {
  readonly file: string
  /** Counted from 1. */
  readonly line: number
  /** Counted from 1, in UTF-16 units. */
  readonly column: number
  /** Such as `providers.acme.secrets[0].until`; empty for the map as a whole. */
  readonly path: string
  readonly message: string
  /** The line and, below it, a caret; what may be a secret is blotted out. */
  readonly excerpt: string
  /** How to put it right, where that can be said. */
  readonly fix: string | undefined
}

/** Writes a path as people say it. */
export function formatPath(path: Path): string {
  let text = ''
  for (const step of path) {
    if (typeof step === 'number') text += `[${step}]`
    else text += text === '' ? step : `.${step}`
  }
  return printable(text)
}

/** Writes an issue as `check` and `run` print it: place and message, the line with a caret, the fix. */
export function formatIssue(issue: Issue): string {
  const path = issue.path === '' ? '' : ` ${issue.path}`
  const head = `${issue.file}:${issue.line}:${issue.column}${path}: ${issue.message}`
  const gutter = String(issue.line)
  const [line = '', caret = ''] = issue.excerpt.split('\n')
  const excerpt = `  ${gutter} | ${line}\n  ${' '.repeat(gutter.length)} | ${caret}`
  return [head, excerpt, ...(issue.fix === undefined ? [] : [`  fix: ${issue.fix}`])].join('\n')
}

/** Replaces what would move a terminal's cursor or hide text: control, format and bidirectional characters. */
export function printable(text: string): string {
  return text.replaceAll(/[\p{Cc}\p{Cf}\p{Cs}\u2028\u2029]/gu, '\uFFFD')
}
