import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { generate } from 'selfsigned'

/** A certificate for `localhost` and 127.0.0.1: PEM text, and the files that hold it while this process lives. */
export interface Certificate {
  readonly cert: string
  readonly key: string
  readonly certFile: string
  readonly keyFile: string
}

let made: Promise<Certificate> | undefined

/** The one development certificate of this process: EC P-256, made on first use, its files removed at exit. */
export function developmentCertificate(): Promise<Certificate> {
  made ??= make(['localhost'])
  return made
}

async function make(names: readonly string[]): Promise<Certificate> {
  const { cert, private: key } = await generate([{ name: 'commonName', value: names[0] ?? '' }], {
    keyType: 'ec',
    curve: 'P-256',
    algorithm: 'sha256',
    // valid by the clock of any test
    notBeforeDate: new Date('2020-01-01'),
    notAfterDate: new Date('2040-01-01'),
    extensions: [
      { name: 'basicConstraints', cA: false },
      {
        name: 'subjectAltName',
        altNames: [
          ...names.map(value => ({ type: 2 as const, value })),
          { type: 7 as const, ip: '127.0.0.1' },
        ],
      },
    ],
  })
  const folder = mkdtempSync(join(tmpdir(), 'hookwarden-tls-'))
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }))
  const certFile = join(folder, 'tls.crt')
  const keyFile = join(folder, 'tls.key')
  writeFileSync(certFile, cert)
  writeFileSync(keyFile, key, { mode: 0o600 })
  return { cert, key, certFile, keyFile }
}
