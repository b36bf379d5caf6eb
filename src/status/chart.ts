import { type Html, html } from './html.ts'
import type { Hour } from './status.ts'
import { counted, inHour } from './words.ts'

const WIDTH = 2
/** Of each half: what was accepted stands above the line, what was refused or lost hangs below it. */
const HALF = 14

/** The last hour as bars, a minute each. Both halves have one scale, so that a flood looks like one. */
export function chart(hour: Hour): Html {
  const refused = hour.refused.map((count, i) => count + (hour.lost[i] ?? 0))
  const most = Math.max(1, ...hour.accepted, ...refused)
  const bars = [
    ...hour.accepted.flatMap((count, i) => bar('ok', i, count, most, true)),
    ...refused.flatMap((count, i) => bar('no', i, count, most, false)),
  ]
  const width = WIDTH * hour.accepted.length
  const says = `${counted(inHour(hour, 'accepted'))} accepted, ${counted(refused.reduce((a, b) => a + b, 0))} refused or lost in the last hour`
  return html`<svg role="img" aria-label="${says}" viewBox="0 0 ${width} ${2 * HALF + 1}" width="${width}" height="${2 * HALF + 1}" preserveAspectRatio="none"><rect class="line" x="0" y="${HALF}" width="${width}" height="1"/>${bars}</svg>`
}

function bar(kind: 'ok' | 'no', minute: number, count: number, most: number, up: boolean): Html[] {
  if (count === 0) return []
  const height = Math.max(1.5, (HALF * count) / most).toFixed(1)
  const y = up ? (HALF - Number(height)).toFixed(1) : `${HALF + 1}`
  return [
    html`<rect class="${kind}" x="${minute * WIDTH}" y="${y}" width="${WIDTH - 0.5}" height="${height}"/>`,
  ]
}
