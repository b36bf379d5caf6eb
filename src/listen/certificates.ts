import { X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { createSecureContext, type SecureContext } from 'node:tls'
import { Fault } from '../errors.ts'
import type { Millis } from '../units.ts'

/** A certificate chain and its key, as PEM text. */
export interface Certificate {
  readonly cert: string
  readonly key: string
}

/** One certificate ready to serve. */
export interface Served {
  /** Its subject's common name or first alternative name: the metric label. */
  readonly name: string
  /** Wall clock after which senders refuse it. */
  readonly notAfter: Millis
  readonly certificate: Certificate
  readonly x509: X509Certificate
  readonly context: SecureContext
}

/** Modern suites alone: forward secrecy and authenticated encryption. */
export const CIPHERS = [
  'TLS_AES_128_GCM_SHA256',
  'TLS_AES_256_GCM_SHA384',
  'TLS_CHACHA20_POLY1305_SHA256',
  'ECDHE-ECDSA-AES128-GCM-SHA256',
  'ECDHE-RSA-AES128-GCM-SHA256',
  'ECDHE-ECDSA-AES256-GCM-SHA384',
  'ECDHE-RSA-AES256-GCM-SHA384',
  'ECDHE-ECDSA-CHACHA20-POLY1305',
  'ECDHE-RSA-CHACHA20-POLY1305',
].join(':')

/** Reads a pair of PEM files. Throws a fault that names the file. */
export function readCertificate({ cert, key }: Certificate): Certificate {
  return { cert: read(cert), key: read(key) }
}

/** Checks that certificate and key are readable and belong together. Throws a fault. */
export function prepare(certificate: Certificate): Served {
  try {
    const x509 = new X509Certificate(certificate.cert)
    const context = createSecureContext({ ...certificate, minVersion: 'TLSv1.2', ciphers: CIPHERS })
    return {
      name: nameOf(x509),
      notAfter: Date.parse(x509.validTo),
      certificate,
      x509,
      context,
    }
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    throw new Fault('certificate', `the certificate and its key cannot be used: ${why}`, {
      cause: error,
    })
  }
}

/** The certificate for a name that a sender asks for; the first one where none fits. */
export function choose(served: readonly Served[], name: string): Served | undefined {
  return served.find(({ x509 }) => x509.checkHost(name) !== undefined) ?? served[0]
}

function nameOf(x509: X509Certificate): string {
  const common = /^CN=(?<name>.+)$/m.exec(x509.subject)?.groups?.name
  return common ?? x509.subjectAltName?.split(', ')[0]?.replace(/^DNS:/, '') ?? 'unnamed'
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    throw new Fault('certificate', `cannot read ${path}: ${why}`, { cause: error })
  }
}
