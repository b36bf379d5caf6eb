import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { type Manifest, manifestsOf } from '../support/manifests.ts'
import { load } from './package.ts'

const MANIFESTS = ['sidecar', 'standalone'].flatMap(name =>
  manifestsOf(`deploy/kubernetes/${name}/kustomization.yaml`),
)

/** The package that has the schema of an API's group, and its type. */
function modelOf({ apiVersion, kind }: Pick<Manifest, 'apiVersion' | 'kind'>): {
  readonly from: string
  readonly name: string
} {
  const of = apiVersion.startsWith('monitoring.coreos.com/')
    ? '@kubernetes-models/prometheus-operator'
    : 'kubernetes-models'
  return { from: `${of}/${apiVersion}`, name: kind }
}

/** What the schema of its kind says against an object; empty where nothing. */
async function against(manifest: Manifest): Promise<string> {
  const { from, name } = modelOf(manifest)
  const models = (await load(from)) as Readonly<
    Record<string, new (given: Manifest) => { validate(): void }>
  >
  const Model = models[name]
  if (Model === undefined) return `no schema of ${from} ${name}`
  try {
    new Model(manifest).validate()
    return ''
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}

t.test("each object is as the API's schema says", async t => {
  for (const manifest of MANIFESTS)
    t.equal(await against(manifest), '', `${manifest.kind} ${manifest.metadata.name}`)
  const wrong = {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'x' },
    spec: { ports: [{ port: 'http' }] },
  }
  t.match(await against(wrong), /port/, 'and the schema sees a fault')
})

t.test('no object has a member that its type does not have', async t => {
  const folder = mkdtempSync(join(import.meta.dirname, 'node_modules/.manifests-'))
  t.teardown(() => rmSync(folder, { recursive: true, force: true }))
  const write = (file: string, manifests: readonly Manifest[]) => {
    const lines = manifests.flatMap((manifest, i) => {
      const { from, name } = modelOf(manifest)
      return [
        `import type { I${name} as T${i} } from '${from}'`,
        `export const m${i}: T${i} = ${JSON.stringify(manifest)}`,
      ]
    })
    writeFileSync(join(folder, file), lines.join('\n'))
  }
  const check = (file: string) =>
    spawnSync(
      process.execPath,
      [
        join('node_modules', 'typescript', 'lib', 'tsc.js'),
        ...[
          '--noEmit',
          '--ignoreConfig',
          '--skipLibCheck',
          '--strict',
          '--module',
          'nodenext',
          '--target',
          'esnext',
        ],
        join(folder, file),
      ],
      { encoding: 'utf8' },
    )
  write('all.mts', MANIFESTS)
  const { status, stdout } = check('all.mts')
  t.equal(status, 0, stdout)
  write('wrong.mts', [
    {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: 'x' },
      spec: { replica: 1, selector: {}, template: {} },
    },
  ])
  t.match(check('wrong.mts').stdout, /replica.* does not exist/, 'and it sees one')
})
