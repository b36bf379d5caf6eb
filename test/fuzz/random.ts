/** Chance that a seed decides: the same seed gives the same numbers on every machine. */
export class Random {
  #state: number

  constructor(seed: number) {
    this.#state = seed >>> 0
  }

  /** One number of chance for each part of a run, so that a part can be repeated alone. */
  static of(seed: number, part: number): Random {
    const random = new Random(seed ^ Math.imul(part + 1, 0x9e3779b1))
    random.below(1)
    return random
  }

  /** A whole number from 0 to one less than `most`. */
  below(most: number): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0 // mulberry32
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), this.#state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) % most
  }

  /** True once in `times`. */
  once(times: number): boolean {
    return this.below(times) === 0
  }

  pick<T>(list: readonly T[]): T {
    return list[this.below(list.length)] as T
  }

  /** Places within a text of this length, in order. */
  places(length: number, count: number): number[] {
    return Array.from({ length: count }, () => this.below(length + 1)).sort((a, b) => a - b)
  }
}
