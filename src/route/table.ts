/** Routes by their exact path: what is spelled otherwise (letter case, doubled slash, percent-encoding) is not there. */
export class RouteTable<R> {
  readonly #routes: ReadonlyMap<string, R>

  constructor(entries: readonly (readonly [path: string, route: R])[]) {
    this.#routes = new Map(entries)
  }

  /** The route of a path, without its query; undefined when there is none. */
  match(path: string): R | undefined {
    return this.#routes.get(path)
  }
}
