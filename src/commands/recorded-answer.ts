import type { Bytes } from '../units.ts'
import type { Answer } from './send.ts'
import { printable } from './terminal.ts'

/** An answer as a file remembers it: what a later one has to be like. */
export interface RecordedAnswer {
  readonly status: number
  /** What is compared; headers that are not here may come and go. */
  readonly headers: readonly (readonly [string, string])[]
  /** Undefined where any body will do. */
  readonly body: Uint8Array | undefined
}

/** What differs between two answers to the same, and to what is no difference: time, ids, the connection, cookies. */
const OF_THE_MOMENT =
  /^(?:date|connection|keep-alive|transfer-encoding|content-length|x-request-id|x-powered-by|etag|age|set-cookie|retry-after|access-control-.*|vary)$/i
const LENGTH = /^content-length$/i
/** How much of a body is shown where it differs. */
const SHOWN: Bytes = 40

/** The text of a file for an answer; it begins with a status line and holds the body byte for byte. */
export function writeAnswer({ status, raw, body }: Answer): Buffer {
  const fields = raw.flatMap((name, i) => (i % 2 === 0 ? [`${name}: ${raw[i + 1] ?? ''}`] : []))
  const kept = fields.filter(field => !OF_THE_MOMENT.test(field.split(':', 1)[0] ?? ''))
  const head = [`HTTP/1.1 ${status}`, ...kept, `Content-Length: ${body.length}`, '', '']
  return Buffer.concat([Buffer.from(head.join('\n'), 'latin1'), body])
}

/** Comments, status, headers, and the empty line before the body. */
const HEAD =
  /^(?<comments>(?:(?:#.*)?\r?\n)*)HTTP\/\d(?:\.\d)? (?<status>\d{3})(?: .*)?(?<fields>(?:\r?\n[^\r\n]+)*)(?:\r?\n\r?\n|\r?\n?$)/

/** Reads such a file; a sentence where it is none. `# body: any` before the status line lets the body be anything. */
export function readAnswer(bytes: Uint8Array): RecordedAnswer | string {
  const found = HEAD.exec(Buffer.from(bytes).toString('latin1'))
  if (found?.groups === undefined)
    return "expected a status line such as 'HTTP/1.1 204', headers, an empty line and the body"
  const { comments = '', status = '', fields = '' } = found.groups
  const headers = fields.split(/\r?\n/).flatMap((line): [string, string][] => {
    const colon = line.indexOf(':')
    return colon < 1 ? [] : [[line.slice(0, colon), line.slice(colon + 1).trim()]]
  })
  const measured = headers.find(([name]) => LENGTH.test(name))?.[1]
  const body = bytes.subarray(found[0].length)
  return {
    status: Number(status),
    headers: headers.filter(([name]) => !LENGTH.test(name)),
    // what an editor put after the body is none of it
    body: /^# *body: *any *\r?$/m.test(comments)
      ? undefined
      : body.subarray(0, measured === undefined ? body.length : Number(measured)),
  }
}

/** What is different in an answer, a sentence each; nothing where it is as recorded. */
export function differences(recorded: RecordedAnswer, answer: Answer): string[] {
  const found: string[] = []
  if (answer.status !== recorded.status)
    found.push(`status ${answer.status} instead of ${recorded.status}`)
  for (const [name, value] of recorded.headers) {
    const given = headerOf(answer.raw, name)
    if (given === undefined) found.push(`no ${name}, which was '${value}'`)
    else if (given !== value) found.push(`${name} '${given}' instead of '${value}'`)
  }
  const { body } = recorded
  if (body !== undefined && Buffer.compare(body, answer.body) !== 0)
    found.push(bodyDifference(body, answer.body))
  return found.map(printable)
}

function headerOf(raw: readonly string[], name: string): string | undefined {
  const wanted = name.toLowerCase()
  const at = raw.findIndex((text, i) => i % 2 === 0 && text.toLowerCase() === wanted)
  return at === -1 ? undefined : raw[at + 1]
}

function bodyDifference(was: Uint8Array, is: Uint8Array): string {
  const least = Math.min(was.length, is.length)
  let at = 0
  while (at < least && was[at] === is[at]) at++
  const shown = (bytes: Uint8Array) => {
    const from = Math.max(0, at - 8)
    const text = Buffer.from(bytes.subarray(from, from + SHOWN)).toString()
    return bytes.length === 0 ? 'nothing' : `'${from > 0 ? '…' : ''}${text}'`
  }
  return `body differs at byte ${at + 1}: ${shown(is)} instead of ${shown(was)}`
}
