import type { Request } from '../sign/draft.ts'

/** How a request is sent. */
export interface Sending {
  /** What is called, whole, but for the target. */
  readonly origin: string
  /** File that holds the body; undefined where there is none. */
  readonly file: string | undefined
  readonly insecure: boolean
  readonly ca: string | undefined
}

/** The request as a curl command for a POSIX shell; the body comes from its file, byte for byte. */
export function curlCommand(request: Request, { origin, file, insecure, ca }: Sending): string {
  const words = [
    'curl -sS -i',
    ...(insecure ? ['-k'] : []),
    ...(ca === undefined ? [] : [`--cacert ${quoted(ca)}`]),
    `-X ${quoted(request.method)}`,
  ]
  const lines = [
    `${words.join(' ')} ${quoted(origin + request.target)}`,
    // curl reads `Name;` as a header with an empty value
    ...request.headers.map(([name, value]) => `-H ${quoted(`${name}: ${value}`)}`),
    ...(file === undefined ? [] : [`--data-binary ${quoted(`@${file}`)}`]),
  ]
  return lines.join(' \\\n  ')
}

/** One word of a POSIX shell, whatever is in it. @see POSIX.1-2024, Shell Command Language, 2.2.2 */
export function quoted(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`
}
