import { spawnSync } from 'node:child_process'
import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { parse } from 'yaml'
import { flawsOf } from '../src/commands/map.ts'
import { loadMap } from '../src/config/load.ts'
import { SHIPPED } from './container/memory.ts'
import { filesOf, type Manifest, manifestsOf } from './support/manifests.ts'

const VARIANTS = ['sidecar', 'standalone'].map(name => ({
  name,
  kustomization: `deploy/kubernetes/${name}/kustomization.yaml`,
}))
const PINNED = /^[^@\s]+:(?!latest@)[^@\s:]+@sha256:[0-9a-f]{64}$/

interface Service {
  readonly image: string
  readonly user: string
  readonly ports?: readonly string[]
  readonly networks: readonly string[]
  readonly environment?: Readonly<Record<string, unknown>>
  readonly [key: string]: unknown
}
const compose = parse(readFileSync('deploy/compose/compose.yaml', 'utf8'), { merge: true }) as {
  readonly services: Readonly<Record<string, Service>>
  readonly networks: Readonly<Record<string, { readonly internal?: boolean }>>
  readonly secrets: Readonly<Record<string, { readonly file: string }>>
}

/** What `doctor` says to files. */
function doctor(kind: 'compose' | 'kubernetes', files: readonly string[]): string {
  const options = files.flatMap(file => [`--${kind}`, file])
  return spawnSync(process.execPath, ['bin/hookwarden.js', 'doctor', ...options], {
    encoding: 'utf8',
  }).stdout.trim()
}

t.test(
  'compose: each container is pinned, bounded, asked whether it is well, and nobody',
  async t => {
    for (const [name, service] of Object.entries(compose.services)) {
      t.match(service.image, PINNED, `${name}: tag and digest`)
      t.match(service.user, /^[1-9]\d*:[1-9]\d*$/, `${name}: a number that is not root`)
      t.match(
        service,
        {
          restart: 'unless-stopped',
          read_only: true,
          cap_drop: ['ALL'],
          security_opt: ['no-new-privileges:true'],
          mem_limit: /^\d+[mg]$/,
          pids_limit: Number,
          healthcheck: { test: Array },
          logging: { options: { 'max-size': String } },
        },
        name,
      )
      t.notOk(
        service.privileged ?? service.network_mode ?? service.pid,
        `${name}: nothing of the host`,
      )
    }
  },
)

t.test('compose: Hookwarden is published, the pages on loopback, nothing else', async t => {
  const published = Object.entries(compose.services).flatMap(([name, { ports = [] }]) =>
    ports.map(port => `${name} ${port}`),
  )
  t.same(published, ['hookwarden 0.0.0.0:443:8443', 'main 127.0.0.1:3000:3000'])
})

t.test('compose: secrets are files, and no variable holds one', async t => {
  for (const { file } of Object.values(compose.secrets)) t.match(file, /^\.\/secrets\//)
  for (const [name, { environment = {} }] of Object.entries(compose.services)) {
    const names = Object.keys(environment).filter(key => /PASSWORD|KEY|SECRET|TOKEN/.test(key))
    t.same(
      names.filter(key => !key.endsWith('_FILE')),
      [],
      name,
    )
  }
  t.match(readFileSync('.gitignore', 'utf8'), /^deploy\/compose\/secrets$/m)
})

t.test('compose: Hookwarden is given longer than it drains', async t => {
  const grace = /^(\d+)s$/.exec(String(compose.services.hookwarden?.stop_grace_period))?.[1]
  t.ok(
    Number(grace) * 1000 >
      mapIn(readFileSync('deploy/compose/hookwarden.yaml', 'utf8')).drain.within,
  )
})

t.test('compose: Hookwarden starts after Automatisch, and so stops before it', async t => {
  t.match(compose.services.hookwarden, { depends_on: { main: { condition: 'service_healthy' } } })
})

t.test('Redis is bounded below its container, and is the process that is told to stop', async t => {
  const pod = podsOf(manifestsOf('deploy/kubernetes/sidecar/kustomization.yaml')).find(
    ({ name }) => name === 'redis',
  )?.pod.spec.containers[0]
  const scripts = {
    compose: (compose.services.redis?.command as string[] | undefined)?.[2],
    kubernetes: (pod?.args as string[] | undefined)?.[0],
  }
  for (const [where, script = ''] of Object.entries(scripts)) {
    t.match(script, /^exec redis-server - <<END$/m, where)
    t.match(script, /^maxmemory-policy noeviction$/m, where)
    t.equal(/^maxmemory (\d+)mb$/m.exec(script)?.[1], '512', where)
  }
  t.match(compose.services.redis, { mem_limit: '768m' })
  t.match(pod?.resources, { limits: { memory: '768Mi' } })
})

/** Programs by name, each a line of shell, in front of those of the machine. */
function stubs(folder: string, programs: Readonly<Record<string, string>>): NodeJS.ProcessEnv {
  mkdirSync(join(folder, 'bin'))
  for (const [name, line] of Object.entries(programs)) {
    writeFileSync(join(folder, 'bin', name), `#!/bin/sh\n${line}\n`)
    chmodSync(join(folder, 'bin', name), 0o755)
  }
  return { ...process.env, PATH: `${join(folder, 'bin')}:${process.env.PATH}` }
}

for (const [what, dump, status] of [
  ['a dump that fails is no backup, and the old one stays', 'exit 1', 1],
  ['a dump that is whole takes the place of the old one', `echo dump >"\${2#--file=}"`, 0],
] as const)
  t.test(`backup: ${what}`, async t => {
    const folder = t.testdir({
      secrets: { POSTGRES_PASSWORD: 'x', 'keys.escrow': 'closed' },
      to: { '2020-01-01T000000Z': { SHA256SUMS: '' } },
    })
    utimesSync(join(folder, 'to/2020-01-01T000000Z'), 0, 0)
    const { stderr, ...ended } = spawnSync('sh', ['deploy/compose/backup.sh'], {
      encoding: 'utf8',
      env: {
        ...stubs(folder, { pg_dump: dump, pg_restore: 'exit 0' }),
        ...{ ONCE: '1', TO: join(folder, 'to'), SECRETS: join(folder, 'secrets') },
      },
    })
    t.equal(ended.status, status, stderr)
    const [made = '', ...more] = readdirSync(join(folder, 'to')).filter(
      name => name !== '.unfinished',
    )
    t.same(more, [])
    t.equal(made === '2020-01-01T000000Z', status === 1)
    const files = status === 1 ? ['SHA256SUMS'] : ['SHA256SUMS', 'database.dump', 'keys.escrow']
    t.same(readdirSync(join(folder, 'to', made)), files)
  })

for (const [what, digests, image] of [
  [
    'the digest that it has here',
    `hookwarden@sha256:${'a'.repeat(64)}`,
    'hookwarden:0.1.0@sha256:a',
  ],
  ['its tag alone, where the image store gives it none', '', 'hookwarden:0.1.0\n'],
] as const)
  t.test(`prepare: Hookwarden's own image, which no registry knows, gets ${what}`, async t => {
    const folder = t.testdir({
      secrets: { POSTGRES_PASSWORD: '', REDIS_PASSWORD: '', 'keys.escrow': '' },
    })
    for (const name of ['prepare.sh', 'compose.yaml'])
      copyFileSync(`deploy/compose/${name}`, join(folder, name))
    const docker = `case "$*" in
  'image inspect '*' hookwarden:0.1.0') echo '${digests}' ;;
  *hookwarden:*) exit 1 ;;
  'buildx imagetools inspect '*) echo sha256:${'b'.repeat(64)} ;;
esac`
    const { status, stderr } = spawnSync('sh', [join(folder, 'prepare.sh'), 'hwpub_x'], {
      encoding: 'utf8',
      env: stubs(folder, { docker, chown: 'exit 0' }),
    })
    t.equal(status, 0, stderr)
    const made = readFileSync(join(folder, 'compose.yaml'), 'utf8')
    t.ok(made.includes(`image: ${image}`))
    t.notMatch(made, /0{64}/)
    t.match(made, /image: redis:\S+@sha256:b{64}\n/)
    t.match(compose.services.hookwarden, { pull_policy: 'never' }, 'nothing else of that name')
  })

t.test('doctor finds nothing in what is deployed', async t => {
  t.equal(doctor('compose', ['deploy/compose/compose.yaml']), 'nothing found')
  for (const { name, kustomization } of VARIANTS)
    t.equal(doctor('kubernetes', filesOf(kustomization)), 'nothing found', name)
})

/** A map as `run` reads it. Throws its issues. */
function mapIn(text: string) {
  const { settings, issues } = loadMap(text, { file: 'map', dev: false, compileScheme: flawsOf })
  if (settings === undefined) throw new Error(JSON.stringify(issues))
  return settings
}

interface Container {
  readonly name: string
  readonly image: string
  readonly lifecycle?: {
    readonly preStop?: { readonly exec: { readonly command: readonly string[] } }
  }
  readonly [key: string]: unknown
}
interface Pod {
  readonly metadata: { readonly labels: Readonly<Record<string, string>> }
  readonly spec: {
    readonly containers: readonly Container[]
    readonly terminationGracePeriodSeconds?: number
    readonly [key: string]: unknown
  }
}

function podsOf(
  manifests: readonly Manifest[],
): readonly { readonly name: string; readonly pod: Pod }[] {
  return manifests.flatMap(({ metadata, spec }) => {
    const pod = (spec as { readonly template?: Pod } | undefined)?.template
    return pod === undefined ? [] : [{ name: metadata.name, pod }]
  })
}

/** What the profile `restricted` asks for, and what it leaves to us. @see "Pod Security Standards", Kubernetes documentation */
function flawsOfPod({ spec }: Pod): string[] {
  const flaws: string[] = []
  const inPod = spec.securityContext as Readonly<Record<string, unknown>> | undefined
  if (inPod?.runAsNonRoot !== true) flaws.push('runAsNonRoot')
  if (JSON.stringify(inPod?.seccompProfile) !== '{"type":"RuntimeDefault"}') flaws.push('seccomp')
  if (spec.automountServiceAccountToken !== false) flaws.push('a token that nobody needs')
  for (const key of ['hostNetwork', 'hostPID', 'hostIPC', 'initContainers'])
    if (spec[key] !== undefined) flaws.push(key)
  for (const volume of (spec.volumes ?? []) as readonly object[])
    if ('hostPath' in volume) flaws.push('hostPath')
  for (const one of spec.containers) {
    const own = one.securityContext as Readonly<Record<string, unknown>> | undefined
    if (own?.allowPrivilegeEscalation !== false) flaws.push(`${one.name}: escalation`)
    if (own?.readOnlyRootFilesystem !== true) flaws.push(`${one.name}: root file system`)
    if (JSON.stringify(own?.capabilities) !== '{"drop":["ALL"]}')
      flaws.push(`${one.name}: capabilities`)
    const user = own?.runAsUser ?? inPod?.runAsUser
    if (typeof user !== 'number' || user === 0) flaws.push(`${one.name}: user`)
    const limits = (one.resources as { readonly limits?: object } | undefined)?.limits ?? {}
    for (const limit of ['cpu', 'memory', 'ephemeral-storage'])
      if (!(limit in limits)) flaws.push(`${one.name}: no limit of ${limit}`)
    if (!PINNED.test(one.image)) flaws.push(`${one.name}: image ${one.image}`)
    if (one.livenessProbe === undefined) flaws.push(`${one.name}: no probe`)
  }
  return flaws
}

t.test(
  'Hookwarden is given the memory and the processor that its image was tried with',
  async t => {
    t.match(compose.services.hookwarden, { mem_limit: `${SHIPPED}m`, cpus: 1 })
    for (const { name, kustomization } of VARIANTS) {
      const given = podsOf(manifestsOf(kustomization)).flatMap(({ pod }) =>
        pod.spec.containers.filter(one => one.name === 'hookwarden').map(one => one.resources),
      )
      t.match(given, [{ limits: { cpu: '1', memory: `${SHIPPED}Mi` } }], name)
    }
  },
)

t.test('the check of policies sees what it is for', async t => {
  const bad = {
    metadata: { labels: {} },
    spec: { hostNetwork: true, containers: [{ name: 'a', image: 'redis:latest' }] },
  }
  t.equal(flawsOfPod(bad).length, 13)
})

for (const { name: variant, kustomization } of VARIANTS) {
  const manifests = manifestsOf(kustomization)
  const kind = (wanted: string) => manifests.filter(one => one.kind === wanted)

  t.test(`${variant}: each pod is restricted, bounded and pinned`, async t => {
    const pods = podsOf(manifests)
    t.ok(pods.length >= 4)
    for (const { name, pod } of pods) t.same(flawsOfPod(pod), [], name)
  })

  t.test(`${variant}: nothing secret stands in it`, async t => {
    t.same(kind('Secret'), [])
    for (const { pod } of podsOf(manifests))
      for (const { env = [], name } of pod.spec.containers)
        for (const one of env as readonly { readonly name: string; readonly value?: string }[])
          t.notOk(
            /_KEY$|_PASSWORD$/.test(one.name) && one.value !== undefined,
            `${name} ${one.name}`,
          )
  })

  t.test(`${variant}: who reaches the stores, and port 3000`, async t => {
    const policies = kind('NetworkPolicy') as readonly (Manifest & { readonly spec: Policy })[]
    const everything = policies.find(({ metadata }) => metadata.name === 'default-deny')
    t.same(everything?.spec, { podSelector: {}, policyTypes: ['Ingress', 'Egress'] })
    const pods = podsOf(manifests)
    const reaching = (app: string, port: number) => {
      const target = pods.find(({ name }) => name === app)
      return pods
        .map(({ name, pod }) => (target && enters(policies, pod, target.pod, port) ? name : ''))
        .filter(Boolean)
    }
    const apart = variant === 'standalone'
    t.same(reaching('postgres', 5432), ['worker', 'automatisch'])
    t.same(reaching('redis', 6379), ['worker', 'automatisch', ...(apart ? ['hookwarden'] : [])])
    t.same(reaching('automatisch', 3000), apart ? ['hookwarden'] : [])
    t.same(reaching('worker', 3000), [])
  })

  t.test(`${variant}: nobody is let out to whatever there is`, async t => {
    const rules = (
      kind('NetworkPolicy') as readonly (Manifest & { readonly spec: Policy })[]
    ).flatMap(({ spec }) => spec.egress ?? [])
    t.ok(rules.length > 3)
    for (const { to = [] } of rules) {
      t.not(to.length, 0, 'a rule without `to` leads everywhere')
      for (const { ipBlock } of to)
        if (ipBlock?.cidr === '0.0.0.0/0') t.ok(ipBlock.except?.includes('10.0.0.0/8'))
        else if (ipBlock !== undefined) t.equal(ipBlock.cidr, '192.0.2.1/32', 'a slot, closed')
    }
  })

  t.test(`${variant}: its map has no issue, and it drains before its pod ends`, async t => {
    const config = kind('ConfigMap').find(({ metadata }) => metadata.name === 'hookwarden')
    const data = (config?.data ?? {}) as Readonly<Record<string, string>>
    const { drain } = mapIn(data['hookwarden.yaml'] ?? '')
    const within = drain.within / 1000
    t.ok(drain.settle >= 25_000, 'longer than balancers take to notice')
    for (const { pod } of podsOf(manifests).filter(({ pod }) =>
      pod.spec.containers.some(({ name }) => name === 'hookwarden'),
    )) {
      t.ok((pod.spec.terminationGracePeriodSeconds ?? 0) > within)
      const main = pod.spec.containers.find(({ name }) => name === 'main')
      if (main === undefined) continue
      const [command, seconds] = main.lifecycle?.preStop?.exec.command ?? []
      t.equal(command, 'sleep')
      t.ok(Number(seconds) > within, 'Automatisch stops after it')
      t.ok((pod.spec.terminationGracePeriodSeconds ?? 0) > Number(seconds))
    }
  })
}

t.test('standalone: replicas share a store, and one is always there', async t => {
  const manifests = manifestsOf('deploy/kubernetes/standalone/kustomization.yaml')
  const found = (kind: string) => manifests.find(one => one.kind === kind)?.spec
  t.match(found('HorizontalPodAutoscaler'), {
    minReplicas: 2,
    scaleTargetRef: { name: 'hookwarden' },
  })
  t.match(found('PodDisruptionBudget'), { minAvailable: 1 })
  const deployment = manifests.find(
    ({ kind, metadata }) => kind === 'Deployment' && metadata.name === 'hookwarden',
  )
  t.match(deployment?.spec, { strategy: { rollingUpdate: { maxUnavailable: 0 } } })
  t.notOk(Object.keys(deployment?.spec ?? {}).includes('replicas'), 'the autoscaler says how many')
})

interface Peer {
  readonly podSelector?: { readonly matchLabels?: Readonly<Record<string, string>> }
  readonly namespaceSelector?: object
  readonly ipBlock?: { readonly cidr: string; readonly except?: readonly string[] }
}
interface Rule {
  readonly from?: readonly Peer[]
  readonly ports?: readonly { readonly port: number }[]
}
interface Policy {
  readonly podSelector: { readonly matchLabels?: Readonly<Record<string, string>> }
  readonly ingress?: readonly Rule[]
  readonly egress?: readonly { readonly to?: readonly Peer[] }[]
}

/** Whether policies let one pod into a port of another. */
function enters(
  policies: readonly { readonly spec: Policy }[],
  from: Pod,
  to: Pod,
  port: number,
): boolean {
  return policies
    .filter(({ spec }) => selects(spec.podSelector, to))
    .flatMap(({ spec }) => spec.ingress ?? [])
    .some(
      rule =>
        (rule.ports === undefined || rule.ports.some(one => one.port === port)) &&
        (rule.from === undefined ||
          rule.from.some(
            peer =>
              peer.namespaceSelector === undefined &&
              peer.podSelector !== undefined &&
              selects(peer.podSelector, from),
          )),
    )
}

function selects({ matchLabels = {} }: Policy['podSelector'], pod: Pod): boolean {
  return Object.entries(matchLabels).every(([name, value]) => pod.metadata.labels[name] === value)
}
