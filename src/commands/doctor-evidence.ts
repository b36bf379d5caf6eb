import { X509Certificate } from 'node:crypto'
import { readFileSync, statSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { readPlainYaml } from '../config/plain.ts'
import type { Settings } from '../config/settings.ts'
import { isCompose, readCompose } from '../doctor/compose.ts'
import type { Container } from '../doctor/deployment.ts'
import type { CertificateSeen, Evidence, FileSeen } from '../doctor/doctor.ts'
import { isManifest, readManifests } from '../doctor/kubernetes.ts'
import type { Finding } from '../doctor/rules.ts'
import { Fault } from '../errors.ts'
import { comparePins, PINS_FILE, type PinState, readPins } from '../keys/pins.ts'
import type { SecretSources } from '../secrets/resolve.ts'
import { bytesAt, soundMap, type World } from './asked.ts'
import { bytesOfKeys, findKeys, type KeyPlaces } from './keys-asked.ts'

/** The files that `doctor` was given. */
export interface EvidenceOptions extends KeyPlaces {
  readonly config?: string | undefined
  readonly compose: readonly string[]
  readonly kubernetes: readonly string[]
  readonly latest?: string | undefined
}

/**
 * Reads everything that was named. Throws a fault for what cannot be read, and where there is nothing to look at.
 *
 * @param probed what asking over the network found; undefined where nobody was to be asked
 */
export async function gather(
  options: EvidenceOptions,
  { sources, terminal, now }: World,
  probed: readonly Finding[] | undefined,
): Promise<Evidence> {
  const { config, compose, kubernetes, latest } = options
  if (config === undefined && compose.length + kubernetes.length === 0 && probed === undefined) {
    const what = '--config, --compose or --kubernetes FILE, or one of those that ask'
    throw new Fault('usage', `what should be looked at? ${what}. See --help`)
  }
  const settings = config === undefined ? undefined : soundMap(config, false, terminal)
  const containers = [...compose.flatMap(file => composeAt(file)), ...manifestsAt(kubernetes)]
  return {
    settings,
    sources,
    containers,
    keys: bytesOfKeys(findKeys(options, sources)),
    pins: await pinsOf(settings, sources),
    files: secretFiles(settings, options, sources),
    certificates: certificatesOf(settings),
    latest,
    probed: probed ?? [],
    now,
  }
}

function documentsAt(file: string): readonly unknown[] {
  const documents = readPlainYaml(Buffer.from(bytesAt(file)).toString())
  if (typeof documents === 'string') throw new Fault('yaml', `${file}: ${documents}`)
  return documents
}

function composeAt(file: string): readonly Container[] {
  const [document] = documentsAt(file)
  if (!isCompose(document)) throw new Fault('compose', `${file} has no \`services\``)
  return readCompose(document, file)
}

function manifestsAt(files: readonly string[]): readonly Container[] {
  const documents = files.map(file => ({ file, documents: documentsAt(file) }))
  for (const one of documents) {
    if (one.documents.some(isManifest)) continue
    throw new Fault('kubernetes', `${one.file} holds no manifest`)
  }
  // a policy or a service may stand in another file than what it selects
  const all = documents.flatMap(one => one.documents)
  return documents.length === 0 ? [] : readManifests(all, files.join(', '))
}

async function pinsOf(settings: Settings | undefined, sources: SecretSources): Promise<PinState[]> {
  if (settings?.state === undefined) return []
  try {
    const pins = readPins(readFileSync(join(settings.state, PINS_FILE), 'utf8'))
    return pins === undefined ? [] : comparePins(pins, sources)
  } catch {
    return []
  }
}

/** Files that are there and hold a secret: who cannot be read is the business of `check`. */
function secretFiles(
  settings: Settings | undefined,
  options: EvidenceOptions,
  { env }: SecretSources,
): FileSeen[] {
  const providers = settings?.providers ?? []
  const paths = new Set<string>()
  for (const { secrets, verifyToken } of providers) {
    for (const ref of [...secrets.map(secret => secret.ref), verifyToken]) {
      if (ref?.startsWith('file:')) paths.add(ref.slice('file:'.length))
    }
  }
  for (const { key } of settings?.listen.tls ?? []) paths.add(key)
  if (env.HOOKWARDEN_SEAL_KEY_FILE !== undefined) paths.add(env.HOOKWARDEN_SEAL_KEY_FILE)
  if (options['env-file'] !== undefined) paths.add(options['env-file'])
  for (const file of options.compose) {
    for (const { envFiles } of composeAt(file)) {
      for (const path of envFiles) paths.add(resolve(dirname(file), path))
    }
  }
  return [...paths].flatMap(path => {
    const status = statSync(path, { throwIfNoEntry: false })
    return status?.isFile() === true ? [{ path, mode: status.mode }] : []
  })
}

function certificatesOf(settings: Settings | undefined): CertificateSeen[] {
  const host = settings?.publicUrl === undefined ? undefined : new URL(settings.publicUrl).hostname
  return (settings?.listen.tls ?? []).flatMap(({ cert: file }) => {
    try {
      const text = readFileSync(file, 'utf8')
      const x509 = new X509Certificate(text)
      const count = text.split('-----BEGIN CERTIFICATE-----').length - 1
      return [
        {
          file,
          notAfter: Date.parse(x509.validTo),
          forHost: host === undefined ? undefined : x509.checkHost(host) !== undefined,
          chained: count > 1 || x509.checkIssued(x509),
        },
      ]
    } catch {
      return [] // `check` and `run` say so
    }
  })
}
