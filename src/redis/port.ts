/** A Lua script: what one step asks, in one round trip. */
export interface Script {
  /** Letters alone, unique among the scripts of a connection. */
  readonly name: string
  /** `now` is given: the time of Redis in milliseconds, so that replicas need not agree on theirs. */
  readonly lua: string
}

/** What a script answers. */
export type Reply = number | string | null | readonly Reply[]

/** A Redis that may be away at any time: nothing here ever rejects. */
export interface Redis {
  /** Whether it is worth asking: false from the first trouble on, until it has proved itself again. */
  readonly up: boolean
  /** Commands that failed or were not answered in time, and connections that were lost. */
  readonly errors: number
  /**
   * Runs a script once. Undefined: it was not answered in time, or not as it should be.
   *
   * @param late told of an answer that came after the deadline, so that what it did can be undone
   */
  run(
    script: Script,
    keys: readonly string[],
    args: readonly (string | number)[],
    late?: (reply: Reply) => void,
  ): Promise<Reply | undefined>
  /** Runs a script even while it is not worth waiting for an answer. */
  tell(script: Script, keys: readonly string[], args: readonly (string | number)[]): void
  /** Calls `run` each time it is up again. */
  whenUp(run: () => void): void
  /** Lets what was sent be answered, within the deadline, and ends. */
  close(): Promise<void>
}
