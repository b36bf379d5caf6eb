/** What a request target asks of the console: something it may have, something it never gets, or nothing that is plain. */
export type Way = 'open' | 'closed' | 'odd'

/** Where Automatisch takes deliveries, and where it shows and repeats jobs: in whatever letter case, and whatever follows. */
const CLOSED = /^\/(?:webhooks|admin\/queues)/i
/** Visible ASCII without the characters that readers turn into others. */
const PLAIN = /^\/(?!\/)[!$&'()*+,\-./0-9:=@A-Z_a-z~%]*(?:\?[!-"$-[\]-~]*)?$/
/** What needs no percent-encoding, so that its encoding is another spelling; what separates; what is no text. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const DISGUISED = /[A-Za-z0-9\-._~/\\%;\x00-\x1f\x7f]/

/**
 * Reads a request target. Only a path that begins with one slash is plain: no scheme or host before it, no empty and no dot
 * segments, no backslash or semicolon, and nothing percent-encoded that two readers may decode differently.
 *
 * @see RFC 9112, section 3.2; RFC 3986, sections 2.3 and 6.2.2
 */
export function wayOf(target: string): Way {
  const [path = ''] = target.split('?', 1)
  if (!PLAIN.test(target) || disguised(path) || path.includes('//')) return 'odd'
  if (path.split('/').some(part => part === '.' || part === '..')) return 'odd'
  return CLOSED.test(path) ? 'closed' : 'open'
}

function disguised(path: string): boolean {
  return path
    .split('%')
    .slice(1)
    .some(rest => {
      const hex = rest.slice(0, 2)
      return (
        !/^[0-9a-f]{2}$/i.test(hex) || DISGUISED.test(String.fromCharCode(Number.parseInt(hex, 16)))
      )
    })
}
