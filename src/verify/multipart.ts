const DASHES = '--'
const LINE = '\r\n'
/** Nobody's form of a webhook has more. */
const MOST_PARTS = 16
const BOUNDARY =
  /^multipart\/form-data *; *boundary=(?:"(?<quoted>[\w'()+,./:=? -]{0,69}[\w'()+,./:=?-])"|(?<bare>[\w'+.-]{1,70}))$/i
const DISPOSITION = /^content-disposition: form-data; name="(?<name>[\w.[\]-]{1,64})"$/i
const OTHER = /^content-(?:length: \d{1,9}|type: [\w/+.; =-]{1,100})$/i

/**
 * The fields of a form in parts, by name, as bytes in latin-1 text. Undefined where the body is anything but a plain
 * form: a file, a header that forms have no use for, text around the parts, a name that comes twice. So strict a form
 * is read the same by every parser further on.
 *
 * @param type the value of Content-Type
 * @see RFC 7578, 4, and RFC 2046, 5.1.1
 */
export function readMultipart(type: string, body: string): ReadonlyMap<string, string> | undefined {
  const { quoted, bare } = BOUNDARY.exec(type)?.groups ?? {}
  const boundary = quoted ?? bare
  if (boundary === undefined) return undefined
  const opening = DASHES + boundary
  if (!body.startsWith(opening + LINE)) return undefined
  const fields = new Map<string, string>()
  let at = opening.length + LINE.length
  while (fields.size < MOST_PARTS) {
    const end = body.indexOf(LINE + opening, at)
    const part = end === -1 ? undefined : readPart(body.slice(at, end))
    if (part === undefined || fields.has(part.name)) return undefined
    fields.set(part.name, part.value)
    at = end + LINE.length + opening.length
    const rest = body.slice(at)
    if (rest === DASHES || rest === DASHES + LINE) return fields
    if (!body.startsWith(LINE, at)) return undefined
    at += LINE.length
  }
  return undefined
}

function readPart(part: string): { readonly name: string; readonly value: string } | undefined {
  const blank = part.indexOf(LINE + LINE)
  if (blank === -1) return undefined
  const lines = part.slice(0, blank).split(LINE)
  const [name, ...more] = lines.flatMap(line => DISPOSITION.exec(line)?.groups?.name ?? [])
  const sound = lines.every(line => DISPOSITION.test(line) || OTHER.test(line))
  if (name === undefined || more.length > 0 || !sound) return undefined
  return { name, value: part.slice(blank + 2 * LINE.length) }
}
