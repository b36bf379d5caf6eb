import { styleText } from 'node:util'
import type { Issue } from '../config/issues.ts'

/** Where a command writes. */
export interface Terminal {
  /** What was asked for. */
  out(text: string): void
  /** What is to be said beside it. */
  err(text: string): void
  /** Colours text where a person reads it. */
  paint(style: 'red' | 'green' | 'bold' | 'dim' | 'cyan', text: string): string
}

/** This process's own; colour only on a terminal, and never with NO_COLOR. */
export const processTerminal: Terminal = {
  out: text => void process.stdout.write(`${text}\n`),
  err: text => void process.stderr.write(`${text}\n`),
  paint: (style, text) => styleText(style, text, { stream: process.stdout }),
}

/** Writes an issue for a person: place and message, the line with a caret, the fix. */
export function paintIssue(issue: Issue, { paint }: Terminal): string {
  const [line = '', caret = ''] = issue.excerpt.split('\n')
  const gutter = String(issue.line)
  const bar = paint('dim', '|')
  const path = issue.path === '' ? '' : ` ${paint('cyan', issue.path)}`
  const place = paint('bold', `${issue.file}:${issue.line}:${issue.column}`)
  const lines = [
    `${place}${path}: ${issue.message}`,
    `  ${paint('dim', gutter)} ${bar} ${line}`,
    `  ${' '.repeat(gutter.length)} ${bar} ${paint('red', caret)}`,
  ]
  if (issue.fix !== undefined) lines.push(`  ${paint('green', 'fix:')} ${issue.fix}`)
  return lines.join('\n')
}

/** Text from elsewhere, without what could move a terminal's cursor. */
export function printable(text: string): string {
  return text.replace(
    /(?![\n\t])\p{Cc}/gu,
    char => `\\x${char.charCodeAt(0).toString(16).padStart(2, '0')}`,
  )
}
