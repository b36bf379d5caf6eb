import { partOf } from './document.ts'
import type { Issue, Path } from './issues.ts'
import type { MapText, Placed, Remark } from './text.ts'

/** A map that stands in several files: which providers have one of their own. */
export interface Texts {
  readonly map: MapText
  /** By the name of the provider, in the order of the files. */
  readonly senders: ReadonlyMap<string, MapText>
}

/** Collects issues and finds their places in the text. */
export class Report {
  readonly #texts: Texts
  readonly #value: unknown
  readonly #issues: (Placed & { readonly of: number })[] = []

  /** @param value the map with the providers that have files of their own */
  constructor(texts: Texts, value: unknown) {
    this.#texts = texts
    this.#value = value
    for (const text of [texts.map, ...texts.senders.values()])
      for (const flaw of text.flaws()) this.#add(text, flaw)
  }

  /** Adds an issue at the value of a path, or at the nearest key above where there is no such value. */
  at(path: Path, remark: Remark): void {
    const [text, within] = this.#textOf(path)
    this.#add(text, text.issue(within, remark))
  }

  /** Adds an issue of a provider's own file, where the map would look for it elsewhere. */
  ofFile(text: MapText, remark: Remark): void {
    this.#add(text, text.issue([], remark))
  }

  /** The issue that `at` would add. */
  issueAt(path: Path, remark: Remark): Issue {
    const [text, within] = this.#textOf(path)
    const { offset: _, ...issue } = text.issue(within, remark)
    return issue
  }

  /** Whether the operator wrote the key, whatever it holds. */
  has(path: Path): boolean {
    const [text, within] = this.#textOf(path)
    const last = within.at(-1)
    if (last === undefined) return path.length > 0 // a provider with a file of its own
    return text.exact(within.slice(0, -1))?.parts.has(last) ?? false
  }

  /** The keys that the operator wrote below a path. */
  keysOf(path: Path): readonly string[] {
    const [text, within] = this.#textOf(path)
    const own = [...(text.exact(within)?.parts.keys() ?? [])].filter(key => typeof key === 'string')
    const all = path.length === 1 && path[0] === 'providers'
    return all ? [...own, ...this.#texts.senders.keys()] : own
  }

  /** The value as it stands in the map. */
  valueAt(path: Path): unknown {
    return path.reduce<unknown>(partOf, this.#value)
  }

  /** The line of a value's key, or of the value itself, for one who reads about `from`: with its file where that is another. */
  lineOf(path: Path, from: Path): string {
    const [text, within] = this.#textOf(path)
    const line = `line ${text.lineOf(within)}`
    return text === this.#textOf(from)[0] ? line : `${line} of ${text.file}`
  }

  /** Every issue once, file by file, in the order of each. */
  issues(): readonly Issue[] {
    const seen = new Set<string>()
    const sorted = this.#issues.toSorted((a, b) => a.of - b.of || a.offset - b.offset)
    return sorted.flatMap(({ offset: _, of: __, ...issue }) => {
      const key = `${issue.file}:${issue.line}:${issue.column}:${issue.path}:${issue.message}`
      if (seen.has(key)) return []
      seen.add(key)
      return [issue]
    })
  }

  #add(text: MapText, issue: Placed): void {
    const of = [this.#texts.map, ...this.#texts.senders.values()].indexOf(text)
    this.#issues.push({ ...issue, of: of === -1 ? Number.POSITIVE_INFINITY : of })
  }

  /** The file that a path leads into, and the way within it. */
  #textOf(path: Path): readonly [MapText, Path] {
    const [first, name, ...rest] = path
    const own =
      first === 'providers' && typeof name === 'string' ? this.#texts.senders.get(name) : undefined
    return own === undefined ? [this.#texts.map, path] : [own, rest]
  }
}
