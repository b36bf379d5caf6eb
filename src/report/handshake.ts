/** Why a TLS handshake failed, as far as the error code tells. */
export const HANDSHAKE_FAILURES = [
  'timeout',
  'left',
  'plaintext',
  'version',
  'cipher',
  'certificate',
  'other',
] as const
export type HandshakeFailure = (typeof HANDSHAKE_FAILURES)[number]

const CODES: ReadonlyMap<string, HandshakeFailure> = new Map(
  Object.entries({
    ERR_TLS_HANDSHAKE_TIMEOUT: 'timeout',
    ECONNRESET: 'left',
    EPIPE: 'left',
    ERR_SSL_HTTP_REQUEST: 'plaintext',
    ERR_SSL_WRONG_VERSION_NUMBER: 'plaintext',
    ERR_SSL_UNSUPPORTED_PROTOCOL: 'version',
    ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION: 'version',
    ERR_SSL_NO_SHARED_CIPHER: 'cipher',
    ERR_SSL_NO_SUITABLE_SIGNATURE_ALGORITHM: 'cipher',
    'ERR_SSL_SSL/TLS_ALERT_HANDSHAKE_FAILURE': 'cipher',
    ERR_SSL_TLSV1_ALERT_UNKNOWN_CA: 'certificate',
    'ERR_SSL_SSL/TLS_ALERT_BAD_CERTIFICATE': 'certificate',
    'ERR_SSL_SSL/TLS_ALERT_UNSUPPORTED_CERTIFICATE': 'certificate',
    'ERR_SSL_SSL/TLS_ALERT_CERTIFICATE_EXPIRED': 'certificate',
    'ERR_SSL_SSL/TLS_ALERT_CERTIFICATE_REVOKED': 'certificate',
    'ERR_SSL_SSL/TLS_ALERT_CERTIFICATE_UNKNOWN': 'certificate',
  } as const),
)

/** Names the failure by the code of Node's error, which OpenSSL 3.5 words; `other` for one that is not listed. */
export function handshakeFailure(code: string | undefined): HandshakeFailure {
  return CODES.get(code ?? '') ?? 'other'
}
