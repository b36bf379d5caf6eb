import type { Issue } from '../config/issues.ts'
import type { Sound } from '../config/load.ts'
import { Fault } from '../errors.ts'
import { readAuthorities } from '../listen/authorities.ts'
import { prepare, type Served } from '../listen/certificates.ts'
import type { Millis } from '../units.ts'

type Read = (path: string) => string | { readonly problem: string }

/** Certificates, keys and authorities that `run` could not start with, and certificates that senders refuse. */
export function tlsFindings(
  { settings, tlsIssue, authorityIssue }: Sound,
  readFile: (path: string) => Uint8Array,
  now: Millis,
): readonly Issue[] {
  const read = readerOf(readFile)
  const pairs = settings.listen.tls.flatMap((files, index) => {
    const [cert, key] = [read(files.cert), read(files.key)]
    const fix = 'give the certificate with its chain, and the key that belongs to it'
    if (typeof cert !== 'string') return [tlsIssue(index, 'cert', cert.problem, fix)]
    if (typeof key !== 'string') return [tlsIssue(index, 'key', key.problem, fix)]
    const served = tried(() => prepare({ cert, key }))
    const problem = typeof served === 'string' ? served : datesOf(served, now)
    return problem === undefined ? [] : [tlsIssue(index, 'cert', `${files.cert}: ${problem}`, fix)]
  })
  const authorities = settings.providers.flatMap(({ name, clientCertificate }) => {
    if (clientCertificate === undefined) return []
    const { ca } = clientCertificate
    const text = read(ca)
    const found = typeof text === 'string' ? tried(() => readAuthorities(text)) : text.problem
    const fix = 'give a PEM file with the certificates of the authorities'
    if (typeof found !== 'string') return []
    return [authorityIssue(name, typeof text === 'string' ? `${ca}: ${found}` : found, fix)]
  })
  return [...pairs, ...authorities]
}

function readerOf(readFile: (path: string) => Uint8Array): Read {
  return path => {
    try {
      return Buffer.from(readFile(path)).toString()
    } catch (error) {
      const code = error instanceof Error && 'code' in error ? ` (${String(error.code)})` : ''
      return { problem: `cannot read ${path}${code}` }
    }
  }
}

/** What it comes to, or why it cannot be used. */
function tried<T>(make: () => T): T | string {
  try {
    return make()
  } catch (error) {
    if (error instanceof Fault) return error.message
    throw error
  }
}

function datesOf({ notBefore, notAfter }: Served, now: Millis): string | undefined {
  if (notAfter <= now) return `it has ended (${new Date(notAfter).toISOString()})`
  if (notBefore > now) return `it is not valid before ${new Date(notBefore).toISOString()}`
  return undefined
}
