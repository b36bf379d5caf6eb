import { hash } from 'node:crypto'
import { SCRIPT } from './script.ts'
import { STYLE } from './style.ts'

/**
 * What a browser may do with the pages: run the one script, use the one style sheet, ask this listener again. Text of a
 * sender that slipped through would still be text.
 *
 * @see "Content Security Policy Level 3", W3C
 */
export const POLICY = [
  "default-src 'none'",
  `script-src ${sourceOf(SCRIPT)}`,
  `style-src ${sourceOf(STYLE)}`,
  'img-src data:',
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ')

function sourceOf(text: string): string {
  return `'sha256-${hash('sha256', text, 'base64')}'`
}
