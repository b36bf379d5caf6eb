import { type Place, partOf, type Reading } from './document.ts'
import { formatPath, type Issue, type Path, printable } from './issues.ts'

/** What is to be said about one place. */
interface Remark {
  readonly message: string
  readonly fix?: string | undefined
  /** Say it of the key, not of its value. */
  readonly ofKey?: boolean
  /** Characters into the text of the value. */
  readonly offset?: number
}

type Placed = Issue & { readonly offset: number }

const WIDEST = 120

/** Collects issues and finds their places in the text. */
export class Report {
  readonly #file: string
  readonly #text: string
  readonly #reading: Reading
  readonly #issues: Placed[]

  constructor(file: string, text: string, reading: Reading) {
    this.#file = file
    this.#text = text
    this.#reading = reading
    this.#issues = reading.flaws.map(flaw => this.#issue(flaw.offset, flaw.path, flaw))
  }

  /** Adds an issue at the value of a path, or at the nearest key above where there is no such value. */
  at(path: Path, remark: Remark): void {
    this.#issues.push(this.#issue(this.#offsetOf(path, remark), path, remark))
  }

  /** The issue that `at` would add. */
  issueAt(path: Path, remark: Remark): Issue {
    const { offset: _, ...issue } = this.#issue(this.#offsetOf(path, remark), path, remark)
    return issue
  }

  /** Whether the operator wrote the key, whatever it holds. */
  has(path: Path): boolean {
    const last = path.at(-1)
    return last !== undefined && (this.#exact(path.slice(0, -1))?.parts.has(last) ?? false)
  }

  /** The keys that the operator wrote below a path. */
  keysOf(path: Path): readonly string[] {
    const parts = this.#exact(path)?.parts.keys() ?? []
    return [...parts].filter(key => typeof key === 'string')
  }

  /** The value as it stands in the map. */
  valueAt(path: Path): unknown {
    return path.reduce<unknown>(partOf, this.#reading.value)
  }

  /** The line of a value's key, or of the value itself. */
  lineOf(path: Path): number {
    const place = this.#find(path)
    return this.#lineOf(place.key ?? place.at).line
  }

  /** Every issue once, in the order of the file. */
  issues(): readonly Issue[] {
    const seen = new Set<string>()
    const sorted = this.#issues.toSorted((a, b) => a.offset - b.offset)
    return sorted.flatMap(({ offset: _, ...issue }) => {
      const key = `${issue.line}:${issue.column}:${issue.path}:${issue.message}`
      if (seen.has(key)) return []
      seen.add(key)
      return [issue]
    })
  }

  #find(path: Path): Place {
    let place = this.#reading.root
    for (const step of path) {
      const part = place.parts.get(step)
      if (part === undefined) return { ...place, at: place.key ?? place.at, text: undefined }
      place = part
    }
    return place
  }

  #exact(path: Path): Place | undefined {
    return path.reduce<Place | undefined>(
      (place, step) => place?.parts.get(step),
      this.#reading.root,
    )
  }

  #offsetOf(path: Path, { ofKey = false, offset = 0 }: Remark): number {
    const place = this.#find(path)
    if (ofKey) return place.key ?? place.at
    return offset === 0 || place.text === undefined ? place.at : place.text + offset
  }

  #issue(offset: number, path: Path, { message, fix }: Remark): Placed {
    const within = Math.min(offset, this.#text.length)
    const { line, col } = this.#lineOf(within)
    return {
      file: this.#file,
      line,
      column: col,
      path: formatPath(path),
      message: printable(message),
      excerpt: this.#excerpt(line, col),
      fix: fix === undefined ? undefined : printable(fix),
      offset: within,
    }
  }

  #lineOf(offset: number): { readonly line: number; readonly col: number } {
    const { line, col } = this.#reading.lines.linePos(offset)
    return line === 0 ? { line: 1, col: 1 } : { line, col }
  }

  #excerpt(line: number, column: number): string {
    const start = this.#reading.lines.lineStarts[line - 1] ?? 0
    const next = this.#reading.lines.lineStarts[line] ?? this.#text.length
    const from = start + Math.max(0, column - 1 - WIDEST / 2)
    const to = Math.min(next, from + WIDEST)
    const blots = this.#reading.blots.filter(blot => blot.from < to && blot.to > from)
    let shown = ''
    for (let offset = from; offset < to; offset++) {
      const blotted = blots.some(blot => blot.from <= offset && offset < blot.to)
      shown += blotted ? '*' : (this.#text[offset] ?? '')
    }
    const clean = printable(shown.replace(/[\r\n]+$/, '').replaceAll('\t', ' '))
    return `${clean}\n${' '.repeat(start + column - 1 - from)}^`
  }
}
