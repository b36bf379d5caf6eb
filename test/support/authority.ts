import { generate } from 'selfsigned'

/** A certificate and its key, as PEM; the certificate alone, without those above it. */
export interface Pair {
  readonly cert: string
  readonly key: string
}

/** What a certificate is to say. */
export interface Wanted {
  readonly name: string
  /** Other names it is for; its own unless given. */
  readonly names?: readonly string[]
  /** Who signs it; itself unless given. */
  readonly by?: Pair
  readonly authority?: boolean
  readonly from?: Date
  readonly until?: Date
}

/** Makes a certificate: EC P-256, valid by the clock of any test unless said. */
export async function certify(wanted: Wanted): Promise<Pair> {
  const { name, names = [name], by, authority = false } = wanted
  const { from = new Date('2020-01-01'), until = new Date('2040-01-01') } = wanted
  const { cert, private: key } = await generate([{ name: 'commonName', value: name }], {
    keyType: 'ec',
    curve: 'P-256',
    algorithm: 'sha256',
    ...(by && { ca: by }),
    notBeforeDate: from,
    notAfterDate: until,
    extensions: authority
      ? [
          { name: 'basicConstraints', cA: true, critical: true },
          { name: 'keyUsage', keyCertSign: true, cRLSign: true, critical: true },
        ]
      : [
          { name: 'basicConstraints', cA: false },
          { name: 'subjectAltName', altNames: names.map(value => ({ type: 2 as const, value })) },
        ],
  })
  return { cert: `${cert.trim()}\n`, key: `${key.trim()}\n` }
}
