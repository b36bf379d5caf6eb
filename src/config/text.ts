import type { Place, Reading } from './document.ts'
import { formatPath, type Issue, type Path, printable } from './issues.ts'
import { pastedIn } from './pasted.ts'

/** What is to be said about one place. */
export interface Remark {
  readonly message: string
  readonly fix?: string | undefined
  /** Say it of the key, not of its value. */
  readonly ofKey?: boolean
  /** Characters into the text of the value. */
  readonly offset?: number
}

/** A remark, and whether what it is about is no YAML. */
type Said = Remark & { readonly broken?: boolean }

export type Placed = Issue & { readonly offset: number }

const WIDEST = 120
/** How far beyond what is shown a key is looked for that tells what its value is. */
const NEAR = 400

/** One file, and where its values stand in it. */
export class MapText {
  readonly file: string
  readonly reading: Reading
  readonly #text: string
  /** What the map has above the whole of this file; nothing for the map itself. */
  readonly #above: Path

  constructor(file: string, text: string, reading: Reading, above: Path = []) {
    this.file = file
    this.reading = reading
    this.#text = text
    this.#above = above
  }

  /** What is wrong with the YAML itself. */
  flaws(): readonly Placed[] {
    return this.reading.flaws.map(flaw =>
      this.#issue(flaw.offset, flaw.path, { ...flaw, broken: flaw.fatal }),
    )
  }

  /** An issue at the value of a path, or at the nearest key above where there is no such value. */
  issue(path: Path, remark: Remark): Placed {
    return this.#issue(this.#offsetOf(path, remark), path, remark)
  }

  /** Where a path leads; undefined where the operator wrote no such value. */
  exact(path: Path): Place | undefined {
    return path.reduce<Place | undefined>(
      (place, step) => place?.parts.get(step),
      this.reading.root,
    )
  }

  /** The line of a value's key, or of the value itself. */
  lineOf(path: Path): number {
    const place = this.#find(path)
    return this.#lineOf(place.key ?? place.at).line
  }

  #find(path: Path): Place {
    let place = this.reading.root
    for (const step of path) {
      const part = place.parts.get(step)
      if (part === undefined) return { ...place, at: place.key ?? place.at, text: undefined }
      place = part
    }
    return place
  }

  #offsetOf(path: Path, { ofKey = false, offset = 0 }: Remark): number {
    const place = this.#find(path)
    if (ofKey) return place.key ?? place.at
    return offset === 0 || place.text === undefined ? place.at : place.text + offset
  }

  #issue(offset: number, path: Path, { message, fix, broken = false }: Said): Placed {
    const within = Math.min(offset, this.#text.length)
    const { line, col } = this.#lineOf(within)
    return {
      file: this.file,
      line,
      column: col,
      path: formatPath([...this.#above, ...path]),
      message: printable(message),
      excerpt: this.#excerpt(line, col, broken),
      fix: fix === undefined ? undefined : printable(fix),
      offset: within,
    }
  }

  #lineOf(offset: number): { readonly line: number; readonly col: number } {
    const { line, col } = this.reading.lines.linePos(offset)
    return line === 0 ? { line: 1, col: 1 } : { line, col }
  }

  #excerpt(line: number, column: number, broken: boolean): string {
    const start = this.reading.lines.lineStarts[line - 1] ?? 0
    const next = this.reading.lines.lineStarts[line] ?? this.#text.length
    const from = start + Math.max(0, column - 1 - WIDEST / 2)
    const to = Math.min(next, from + WIDEST)
    const near = Math.max(start, from - NEAR) // a line may be the whole file
    const pasted = pastedIn(this.#text.slice(near, Math.min(next, to + NEAR)), broken).map(
      blot => ({ from: near + blot.from, to: near + blot.to }),
    )
    const blots = [...this.reading.blots, ...pasted].filter(
      blot => blot.from < to && blot.to > from,
    )
    let shown = ''
    for (let offset = from; offset < to; offset++) {
      const blotted = blots.some(blot => blot.from <= offset && offset < blot.to)
      shown += blotted ? '*' : (this.#text[offset] ?? '')
    }
    const clean = printable(shown.replace(/[\r\n]+$/, '').replaceAll('\t', ' '))
    return `${clean}\n${' '.repeat(start + column - 1 - from)}^`
  }
}
