import type { Bytes, Millis } from '../units.ts'
import type { Hour } from './status.ts'

const SECOND: Millis = 1000
const MINUTE: Millis = 60 * SECOND
const HOUR: Millis = 60 * MINUTE
const DAY: Millis = 24 * HOUR

/** A length of time as people say it: one unit, rounded down. */
export function lengthInWords(length: Millis): string {
  const most = Math.max(0, length)
  if (most < MINUTE) return `${Math.floor(most / SECOND)} s`
  if (most < HOUR) return `${Math.floor(most / MINUTE)} min`
  if (most < 2 * DAY) return `${Math.floor(most / HOUR)} h`
  return `${Math.floor(most / DAY)} days`
}

/** When something was. */
export function ago(at: Millis, now: Millis): string {
  return now - at < SECOND ? 'now' : `${lengthInWords(now - at)} ago`
}

/** When something will be, or that it has been. */
export function until(at: Millis, now: Millis): string {
  return at > now ? `in ${lengthInWords(at - now)}` : `${lengthInWords(now - at)} ago`
}

/** A count with its thousands apart. */
export function counted(value: number): string {
  return Math.round(value).toLocaleString('en-GB')
}

/** A number of things, in the singular for one. */
export function some(count: number, one: string, many = `${one}s`): string {
  return `${counted(count)} ${count === 1 ? one : many}`
}

const KIB: Bytes = 1024

export function sizeInWords(bytes: Bytes): string {
  if (bytes < KIB) return `${bytes} B`
  if (bytes < KIB * KIB) return `${Math.round(bytes / KIB)} KiB`
  return `${(bytes / KIB / KIB).toFixed(1)} MiB`
}

/** How many there were in the last hour. */
export function inHour(hour: Hour, what: keyof Hour): number {
  return hour[what].reduce((sum, one) => sum + one, 0)
}
