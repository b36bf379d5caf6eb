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
      entered(block)
        .map(line => line.trim().replace(/\s+#.*$/, ''))
        .filter(line => line !== '' && !line.startsWith('#'))
        .map(command => ({ page, command })),
    ),
  )
}

/** The lines that a reader types: those behind a prompt, where the block shows one, because the others are answers. */
function entered(block: string): readonly string[] {
  const lines = block.replace(/\s*\\\n\s*/g, ' ').split('\n')
  const typed = lines.filter(line => /^\s*\$ /.test(line))
  return typed.length === 0 ? lines : typed.map(line => line.replace(/^\s*\$ /, ''))
}

/** Every `hookwarden …` that stands in a sentence. */
export function mentioned(): readonly Documented[] {
  return pages().flatMap(([page, text]) =>
    [...text.matchAll(INLINE)].map(([, command = '']) => ({ page, command })),
  )
}
