const MAPPED = '::ffff:'
const DOT = 46
const ZERO = 48

/**
 * Reads an address as sockets and proxies write it; undefined when it is none. IPv4-mapped IPv6 becomes IPv4, a zone
 * is dropped, IPv6 is written in its one canonical form, so that equal addresses are equal texts.
 *
 * @see RFC 5952, section 4; RFC 4291, section 2.5.5.2
 */
export function parseAddress(text: string): string | undefined {
  if (isIpv4(text)) return text
  if (text.startsWith(MAPPED) && isIpv4(text.slice(MAPPED.length))) return text.slice(MAPPED.length)
  const zone = text.indexOf('%')
  const groups = groupsOf(zone === -1 ? text : text.slice(0, zone))
  return groups === undefined ? undefined : write(groups)
}

/**
 * What shares one bucket: an IPv4 address itself, or the first four groups of an IPv6 address (its /64), because
 * whoever has one IPv6 address has 2^64. Dropping what follows the last `.` or `:` gives the /24 or /48.
 *
 * @param address as `parseAddress` writes it
 */
export function groupOf(address: string): string {
  if (!address.includes(':')) return address
  const groups = groupsOf(address)
  return groups === undefined ? address : hex(groups.slice(0, 4))
}

/** Four decimal numbers without leading zeros: `010.1.1.1` means different hosts to different readers. */
function isIpv4(text: string): boolean {
  if (text.length > 15) return false
  let dots = 0
  let digits = 0
  let value = 0
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    if (code === DOT) {
      if (digits === 0 || ++dots > 3) return false
      digits = 0
      value = 0
      continue
    }
    if (code < ZERO || code > ZERO + 9 || (digits > 0 && value === 0)) return false
    value = value * 10 + code - ZERO
    digits++
    if (value > 255) return false
  }
  return dots === 3 && digits > 0
}

/** The eight groups of an IPv6 address. */
function groupsOf(text: string): number[] | undefined {
  const gap = text.indexOf('::')
  if (gap === -1) {
    const all = numbers(text, true)
    return all?.length === 8 ? all : undefined
  }
  const left = numbers(text.slice(0, gap), false)
  const right = numbers(text.slice(gap + 2), true)
  if (left === undefined || right === undefined) return undefined
  const missing = 8 - left.length - right.length
  return missing < 1 ? undefined : [...left, ...new Array<number>(missing).fill(0), ...right]
}

/** Groups between colons; the last may be an IPv4 address where `dotted` allows it. */
function numbers(text: string, dotted: boolean): number[] | undefined {
  if (text === '') return []
  const parts = text.split(':')
  if (parts.length > 8) return undefined
  const found: number[] = []
  for (const [index, part] of parts.entries()) {
    if (/^[0-9a-f]{1,4}$/i.test(part)) {
      found.push(Number.parseInt(part, 16))
    } else if (dotted && index === parts.length - 1 && isIpv4(part)) {
      const [a = 0, b = 0, c = 0, d = 0] = part.split('.').map(Number)
      found.push(a * 256 + b, c * 256 + d)
    } else {
      return undefined
    }
  }
  return found
}

/** The canonical text: the first longest run of two zero groups or more is `::`. */
function write(groups: readonly number[]): string {
  const [a, b, c, d, e, mark, high = 0, low = 0] = groups
  if (mark === 0xffff && !a && !b && !c && !d && !e) {
    return `${high >> 8}.${high & 255}.${low >> 8}.${low & 255}`
  }
  let start = 0
  let length = 1
  for (let i = 0; i < 8; i++) {
    let end = i
    while (end < 8 && groups[end] === 0) end++
    if (end - i > length) {
      start = i
      length = end - i
    }
  }
  if (length === 1) return hex(groups)
  return `${hex(groups.slice(0, start))}::${hex(groups.slice(start + length))}`
}

function hex(groups: readonly number[]): string {
  return groups.map(group => group.toString(16)).join(':')
}
