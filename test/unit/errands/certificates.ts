import { generate } from 'selfsigned'

/** A certificate as Amazon has them: RSA, and the key that signs messages. */
export async function rsaCertificate(
  from = new Date(1_600_000_000_000),
  to = new Date(1_900_000_000_000),
): Promise<{ cert: string; key: string }> {
  const { cert, private: key } = await generate([{ name: 'commonName', value: 'sns' }], {
    keyType: 'rsa',
    keySize: 2048,
    algorithm: 'sha256',
    notBeforeDate: from,
    notAfterDate: to,
  })
  return { cert, key }
}
