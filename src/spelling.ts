/** The word of `known` that `given` was probably meant to be; undefined when none is near. */
export function nearest(given: string, known: Iterable<string>): string | undefined {
  if (given.length > 64) return undefined
  const near = Math.max(1, Math.floor(given.length / 3))
  let best: string | undefined
  let least = near + 1
  for (const word of known) {
    const apart = distance(given.toLowerCase(), word.toLowerCase())
    if (apart >= least) continue
    least = apart
    best = word
  }
  return best
}

/**
 * How many insertions, deletions, replacements and swaps of neighbours lie between two words.
 *
 * @see "Optimal string alignment distance"
 */
export function distance(a: string, b: string): number {
  let older: number[] = []
  let old = Array.from({ length: b.length + 1 }, (_, column) => column)
  for (let row = 1; row <= a.length; row++) {
    const next = [row]
    for (let column = 1; column <= b.length; column++) {
      const same = a[row - 1] === b[column - 1]
      let cost = Math.min(
        at(old, column) + 1,
        at(next, column - 1) + 1,
        at(old, column - 1) + (same ? 0 : 1),
      )
      if (row > 1 && column > 1 && a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1]) {
        cost = Math.min(cost, at(older, column - 2) + 1)
      }
      next.push(cost)
    }
    older = old
    old = next
  }
  return at(old, b.length)
}

function at(row: readonly number[], column: number): number {
  return row[column] ?? Number.POSITIVE_INFINITY
}
