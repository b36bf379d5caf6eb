/** Series as written, such as `hookwarden_requests_total{provider="github",outcome="accepted"}`, to its value. */
export type Series = ReadonlyMap<string, number>

/**
 * Reads the Prometheus text format. Throws on a line that is none, and on a series that comes twice.
 *
 * @see "Exposition formats", Prometheus documentation
 */
export function parseMetrics(text: string): Series {
  const series = new Map<string, number>()
  for (const line of text.split('\n')) {
    if (line === '' || line.startsWith('#')) continue
    if (!/^[a-zA-Z_:][\w:]*(?:\{.*\})? \S+$/.test(line)) throw new Error(`not a sample: ${line}`)
    const end = line.lastIndexOf(' ')
    const [name, value] = [line.slice(0, end), line.slice(end + 1)]
    if (series.has(name)) throw new Error(`twice: ${name}`)
    series.set(name, numberOf(value))
  }
  return series
}

/** The series that differ, with how far they moved; one that is new counts from zero. */
export function moved(before: Series, after: Series, only?: RegExp): Map<string, number> {
  const changes = new Map<string, number>()
  for (const [name, value] of after) {
    const by = value - (before.get(name) ?? 0)
    if (by !== 0 && !Number.isNaN(by) && (only === undefined || only.test(name))) {
      changes.set(name, by)
    }
  }
  for (const [name, value] of before) {
    if (!after.has(name) && (only === undefined || only.test(name))) changes.set(name, -value)
  }
  return changes
}

function numberOf(text: string): number {
  if (text === '+Inf') return Number.POSITIVE_INFINITY
  if (text === '-Inf') return Number.NEGATIVE_INFINITY
  const value = Number(text)
  if (Number.isNaN(value) && text !== 'NaN') throw new Error(`not a number: ${text}`)
  return value
}
