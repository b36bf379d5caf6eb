import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { parse, parseAllDocuments } from 'yaml'

/** One object of a Kubernetes manifest. */
export interface Manifest {
  readonly apiVersion: string
  readonly kind: string
  readonly metadata: { readonly name: string; readonly namespace?: string }
  readonly spec?: unknown
  readonly [member: string]: unknown
}

/** Files that a kustomization names, in its order, those of what it builds on first. It may name nothing but resources. */
export function filesOf(kustomization: string): readonly string[] {
  const { resources, ...rest } = parse(readFileSync(kustomization, 'utf8')) as {
    readonly resources: readonly string[]
  }
  const others = Object.keys(rest).filter(key => !/^(?:apiVersion|kind|namespace)$/.test(key))
  if (others.length > 0) throw new Error(`${kustomization}: ${others.join(', ')} is not read here`)
  return resources.flatMap(one => {
    const path = join(dirname(kustomization), one)
    return path.endsWith('.yaml') ? [path] : filesOf(join(path, 'kustomization.yaml'))
  })
}

/** Every object that a kustomization stands for. */
export function manifestsOf(kustomization: string): readonly Manifest[] {
  return filesOf(kustomization).flatMap(file =>
    parseAllDocuments(readFileSync(file, 'utf8')).map(document => {
      if (document.errors.length > 0) throw new Error(`${file}: ${document.errors[0]?.message}`)
      return document.toJS() as Manifest
    }),
  )
}
