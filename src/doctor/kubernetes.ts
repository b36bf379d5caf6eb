import { at, type Container, isKeyed, listOf, roleOf, textOf } from './deployment.ts'

const WORKLOADS = new Set(['Deployment', 'StatefulSet', 'DaemonSet', 'Pod'])

/** Whether a document is a manifest. */
export function isManifest(document: unknown): boolean {
  return (
    textOf(at(document, 'kind')) !== undefined && textOf(at(document, 'apiVersion')) !== undefined
  )
}

/** The containers of manifests that belong together. @see "Workloads" and "Network Policies", Kubernetes documentation */
export function readManifests(documents: readonly unknown[], file: string): readonly Container[] {
  const all = documents.flatMap(one => [one, ...listOf(at(one, 'items'))])
  const ofKind = (kind: string) => all.filter(one => at(one, 'kind') === kind)
  const found = all
    .filter(one => WORKLOADS.has(textOf(at(one, 'kind')) ?? ''))
    .flatMap(workload => {
      const pod = at(workload, 'kind') === 'Pod' ? workload : at(workload, 'spec', 'template')
      const labels = at(pod, 'metadata', 'labels')
      const selected = (selector: unknown) => selects(selector, labels)
      const published = ofKind('Service')
        .filter(one => /^(?:NodePort|LoadBalancer)$/.test(textOf(at(one, 'spec', 'type')) ?? ''))
        .filter(one => selected(at(one, 'spec', 'selector')))
        .flatMap(one => listOf(at(one, 'spec', 'ports')))
        .flatMap(port => Number(textOf(at(port, 'port')) ?? 0))
      const isolated = ofKind('NetworkPolicy').some(one =>
        selected(at(one, 'spec', 'podSelector', 'matchLabels') ?? {}),
      )
      const name = `${textOf(at(workload, 'kind'))}/${textOf(at(workload, 'metadata', 'name'))}`
      return listOf(at(pod, 'spec', 'containers')).map(container =>
        containerOf(container, { pod, where: `${file} ${name}`, published, isolated }),
      )
    })
  // without a policy every pod is reached by every other
  return found.map(one => ({
    ...one,
    beside: new Set(
      one.isolated ? [] : found.flatMap(other => (other.where === one.where ? [] : [other.role])),
    ),
  }))
}

interface Surroundings {
  readonly pod: unknown
  readonly where: string
  readonly published: readonly number[]
  readonly isolated: boolean
}

function containerOf(
  container: unknown,
  { pod, where, published, isolated }: Surroundings,
): Container {
  const env = environmentOf(container)
  const image = textOf(at(container, 'image'))
  const role = roleOf(textOf(at(container, 'name')) ?? '', image, env)
  const hostPorts = listOf(at(container, 'ports')).flatMap(port => {
    const outside = textOf(at(port, 'hostPort'))
    const inside =
      at(pod, 'spec', 'hostNetwork') === true ? textOf(at(port, 'containerPort')) : outside
    return inside === undefined ? [] : [Number(inside)]
  })
  const inPod = at(pod, 'spec', 'securityContext')
  const own = at(container, 'securityContext')
  const nonRoot = at(own, 'runAsNonRoot') ?? at(inPod, 'runAsNonRoot')
  const user = Number(at(own, 'runAsUser') ?? at(inPod, 'runAsUser') ?? 0)
  return {
    where,
    role,
    image,
    env,
    words: ['command', 'args'].flatMap(key =>
      listOf(at(container, key)).flatMap(word => (textOf(word) ?? '').split(/\s+/)),
    ),
    published: [...published, ...hostPorts],
    isolated,
    beside: new Set(),
    restarts: at(pod, 'spec', 'restartPolicy') !== 'Never',
    healthChecked:
      isKeyed(at(container, 'livenessProbe')) || isKeyed(at(container, 'readinessProbe')),
    root: nonRoot !== true && user === 0,
    envFiles: [],
  }
}

/** Variables; what comes from a Secret or a ConfigMap has no value here. */
function environmentOf(container: unknown): Map<string, string | undefined> {
  return new Map(
    listOf(at(container, 'env')).flatMap(entry => {
      const name = textOf(at(entry, 'name'))
      return name === undefined ? [] : [[name, textOf(at(entry, 'value'))] as const]
    }),
  )
}

/** Whether every label that a selector names is among a pod's. An empty one selects all. */
function selects(selector: unknown, labels: unknown): boolean {
  if (!isKeyed(selector)) return false
  return Object.entries(selector).every(([name, value]) => at(labels, name) === value)
}
