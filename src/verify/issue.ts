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
