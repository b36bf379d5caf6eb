import { constants, X509Certificate } from 'node:crypto'
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
  /** Wall clock from and until which senders take it. */
  readonly notBefore: Millis
  readonly notAfter: Millis
  readonly certificate: Certificate
  readonly x509: X509Certificate
  readonly context: SecureContext
}

/** What is spoken: forward secrecy by elliptic curves, authenticated encryption, no second handshake. */
export const TERMS = {
  minVersion: 'TLSv1.2',
  ciphers: [
    'TLS_AES_128_GCM_SHA256',
    'TLS_AES_256_GCM_SHA384',
    'TLS_CHACHA20_POLY1305_SHA256',
    'ECDHE-ECDSA-AES128-GCM-SHA256',
    'ECDHE-RSA-AES128-GCM-SHA256',
    'ECDHE-ECDSA-AES256-GCM-SHA384',
    'ECDHE-RSA-AES256-GCM-SHA384',
    'ECDHE-ECDSA-CHACHA20-POLY1305',
    'ECDHE-RSA-CHACHA20-POLY1305',
  ].join(':'),
  // what OpenSSL offers by itself, less the groups that are no curves
  ecdhCurve: 'X25519MLKEM768/X25519:prime256v1/secp384r1',
  honorCipherOrder: true,
  secureOptions: constants.SSL_OP_NO_RENEGOTIATION,
} as const

/** More certificates than any chain has. */
const LONGEST_CHAIN = 16

/**
 * Checks that a certificate and its key can be served: both can be read, they belong together, and each certificate
 * that follows is the issuer of the one before it. Throws a fault that says what is wrong.
 *
 * @param authorities PEM of those whose certificates senders may show; empty where none is asked for
 */
export function prepare(certificate: Certificate, authorities: readonly string[] = []): Served {
  const [x509, ...issuers] = readChain(certificate.cert)
  if (x509 === undefined) throw new Fault('certificate', 'it holds no certificate in PEM')
  let below = x509
  for (const issuer of issuers) {
    if (!below.checkIssued(issuer)) {
      const message = `the chain is broken: ${nameOf(issuer)} did not issue ${nameOf(below)}; senders need the chain in order, its own certificate first`
      throw new Fault('certificate', message)
    }
    below = issuer
  }
  return {
    name: nameOf(x509),
    notBefore: Date.parse(x509.validFrom),
    notAfter: Date.parse(x509.validTo),
    certificate,
    x509,
    context: contextOf(certificate, authorities),
  }
}

/** What a handshake is made with. Throws a fault where key and certificate do not fit. */
function contextOf(certificate: Certificate, authorities: readonly string[]): SecureContext {
  try {
    return createSecureContext({ ...certificate, ...TERMS, ...asking(authorities) })
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    throw new Fault('certificate', `the certificate and its key cannot be used: ${why}`, {
      cause: error,
    })
  }
}

/** The option that names who may sign senders' certificates; none takes away the ones that Node knows. */
export function asking(authorities: readonly string[]): { readonly ca?: string[] } {
  return authorities.length === 0 ? {} : { ca: [...authorities] }
}

/** The certificates of a PEM text, in its order. Throws a fault for one that cannot be read. */
export function readChain(pem: string): readonly X509Certificate[] {
  const blocks = pem.match(/-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g) ?? []
  if (blocks.length > LONGEST_CHAIN)
    throw new Fault('certificate', 'it holds too many certificates')
  try {
    return blocks.map(block => new X509Certificate(block))
  } catch (error) {
    throw new Fault('certificate', 'it holds a certificate that cannot be read', { cause: error })
  }
}

/** The certificate for a name that a sender asks for, in any letter case; the first one where none fits. */
export function choose(served: readonly Served[], name: string): Served | undefined {
  return served.find(({ x509 }) => x509.checkHost(name) !== undefined) ?? served[0]
}

/** What a certificate is called by people. */
export function nameOf(x509: X509Certificate): string {
  const common = /^CN=(?<name>.+)$/m.exec(x509.subject)?.groups?.name
  return common ?? x509.subjectAltName?.split(', ')[0]?.replace(/^DNS:/, '') ?? 'unnamed'
}
