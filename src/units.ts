/** A length of time or an instant, in milliseconds. */
export type Millis = number
/** A size, in bytes. */
export type Bytes = number

/** `count` at once, then `count` per `per`: GCRA with emission `per / count` and burst `per`. */
export interface Rate {
  readonly count: number
  readonly per: Millis
}

const TIME: Readonly<Record<string, Millis>> = { ms: 1, s: 1e3, m: 60e3, h: 3600e3, d: 86_400e3 }
const SIZE: Readonly<Record<string, Bytes>> = { B: 1, KiB: 1024, MiB: 1024 ** 2, GiB: 1024 ** 3 }

/** Reads a duration such as `250ms`, `10s`, `5m`, `1h`, `7d`; undefined when it is none. */
export function parseMillis(text: string): Millis | undefined {
  return scaled(/^(?<n>\d{1,9})(?<unit>ms|s|m|h|d)$/.exec(text), TIME)
}

/** Reads a size such as `512B`, `256KiB`, `1MiB`; undefined when it is none. */
export function parseBytes(text: string): Bytes | undefined {
  return scaled(/^(?<n>\d{1,9})(?<unit>B|KiB|MiB|GiB)$/.exec(text), SIZE)
}

/** Reads a rate such as `300/1s` or `6000/1m`; undefined when it is none or either side is zero. */
export function parseRate(text: string): Rate | undefined {
  const [count = '', per = '', more] = text.split('/')
  const window = parseMillis(per)
  if (more !== undefined || !/^\d{1,9}$/.test(count)) return undefined
  if (window === undefined || window === 0 || Number(count) === 0) return undefined
  return { count: Number(count), per: window }
}

/** Writes a duration in the largest unit that says it exactly. */
export function formatMillis(value: Millis): string {
  return inLargest(value, TIME)
}

/** Writes a size in the largest unit that says it exactly. */
export function formatBytes(value: Bytes): string {
  return inLargest(value, SIZE)
}

/** Writes a rate as the map has it. */
export function formatRate({ count, per }: Rate): string {
  return `${count}/${formatMillis(per)}`
}

function scaled(match: RegExpExecArray | null, units: Readonly<Record<string, number>>) {
  const factor = units[match?.groups?.unit ?? '']
  return factor === undefined ? undefined : Number(match?.groups?.n) * factor
}

function inLargest(value: number, units: Readonly<Record<string, number>>): string {
  let best = ''
  for (const [unit, factor] of Object.entries(units)) {
    if (best === '' || (value !== 0 && value % factor === 0)) best = `${value / factor}${unit}`
  }
  return best
}
