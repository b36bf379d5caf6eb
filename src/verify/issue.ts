/** One thing wrong with a scheme, and where. */
export interface SchemeIssue {
  /** Which key of the scheme: `sign`, `items[1]`, `timestamp.from`; empty for the scheme as a whole. */
  readonly key: string
  /** Counts from 1 within the text of that key. */
  readonly column: number
  readonly message: string
  /** The word that was probably meant; undefined when nothing is near. */
  readonly meant: string | undefined
}

/** Collects issues, so that one reading reports all of them. */
export class Issues {
  readonly found: SchemeIssue[] = []

  add(key: string, column: number, message: string, meant?: string): void {
    this.found.push({ key, column, message, meant })
  }
}

/** The known word within two edits of `word`, if any. */
export function nearest(word: string, known: Iterable<string>): string | undefined {
  let best: string | undefined
  let least = Math.min(2, word.length - 1) + 1
  for (const candidate of known) {
    const distance = edits(word, candidate)
    if (distance < least) {
      least = distance
      best = candidate
    }
  }
  return best
}

/** Insertions, deletions, substitutions and swaps of neighbours that turn one word into the other. */
function edits(from: string, to: string): number {
  if (Math.abs(from.length - to.length) > 2) return 3
  let older: number[] = []
  let last = Array.from({ length: to.length + 1 }, (_, j) => j)
  for (let i = 1; i <= from.length; i++) {
    const row = [i]
    for (let j = 1; j <= to.length; j++) {
      const same = from[i - 1] === to[j - 1] ? 0 : 1
      let cost = Math.min(at(last, j) + 1, at(row, j - 1) + 1, at(last, j - 1) + same)
      if (i > 1 && j > 1 && from[i - 1] === to[j - 2] && from[i - 2] === to[j - 1]) {
        cost = Math.min(cost, at(older, j - 2) + 1)
      }
      row.push(cost)
    }
    older = last
    last = row
  }
  return at(last, to.length)
}

function at(row: readonly number[], index: number): number {
  return row[index] ?? 0
}
