/** More causes are told apart for no provider: one mistake makes its deliveries fail alike. */
const MOST = 5
/** What every further one is counted as. */
const OTHER = 'other'
/** What anybody can bring about, and so exists from the start; all else takes a signature of the sender. */
const ANYBODYS = ['unexplained', 'header_missing', 'wrong_preset'] as const

/** Whether a stranger can bring it about. */
export function isAnybodys(finding: string): boolean {
  return ANYBODYS.some(one => one === finding)
}

/** How often each cause was found, by provider: a bounded number of words for each. */
export class Explanations {
  #counts: ReadonlyMap<string, Map<string, number>> = new Map()

  constructor(providers: readonly string[]) {
    this.use(providers)
  }

  /** The providers of the map from now on. */
  use(providers: readonly string[]): void {
    const before = this.#counts
    this.#counts = new Map(
      providers.map(name => [
        name,
        before.get(name) ?? new Map<string, number>(ANYBODYS.map(word => [word, 0])),
      ]),
    )
  }

  /** @param finding a word of a closed list. What is found of a provider that is not in the map is not counted */
  count(provider: string, finding: string): void {
    const counts = this.#counts.get(provider)
    if (counts === undefined) return
    const word = counts.has(finding) || counts.size < MOST ? finding : OTHER
    counts.set(word, (counts.get(word) ?? 0) + 1)
  }

  *[Symbol.iterator](): Generator<{ provider: string; finding: string; value: number }> {
    for (const [provider, counts] of this.#counts) {
      for (const [finding, value] of counts) yield { provider, finding, value }
    }
  }
}
