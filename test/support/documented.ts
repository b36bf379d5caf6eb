import { globSync, readFileSync } from 'node:fs'

/** A command that a page tells its reader to run. */
export interface Documented {
  readonly page: string
  /** One line: continued ones joined, the comment behind it gone. */
  readonly command: string
}

const PAGES = ['README.md', 'CONTRIBUTING.md', 'SECURITY.md', 'docs/**/*.md']
const BLOCK = /^( *)```(?:sh|bash|console)\n([\s\S]*?)^ *```/gm
const INLINE = /`(hookwarden [a-z][^`\n]*)`/g

function pages(): readonly (readonly [page: string, text: string])[] {
  return globSync(PAGES)
    .sort()
    .map(page => [page, readFileSync(page, 'utf8')] as const)
}

/** Every command in a block for a shell. */
export function documented(): readonly Documented[] {
  return pages().flatMap(([page, text]) =>
    [...text.matchAll(BLOCK)].flatMap(([, , block = '']) =>
      block
        .replace(/\\\n\s*/g, ' ')
        .split('\n')
        .map(line => line.trim().replace(/\s+#.*$/, ''))
        .filter(line => line !== '' && !line.startsWith('#'))
        .map(command => ({ page, command })),
    ),
  )
}

/** Every `hookwarden …` that stands in a sentence. */
export function mentioned(): readonly Documented[] {
  return pages().flatMap(([page, text]) =>
    [...text.matchAll(INLINE)].map(([, command = '']) => ({ page, command })),
  )
}
