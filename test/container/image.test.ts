import { execFileSync } from 'node:child_process'
import {
  chownSync,
  copyFileSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { SECRETS } from '../signers/signers.ts'
import { developmentCertificate } from '../support/certificate.ts'
import { freePort } from '../support/free-port.ts'
import { startRecorder } from '../support/recorder.ts'
import { connect, exchange } from '../support/sender.ts'
import { FLOW, GITHUB, genuine } from '../wire/stage.ts'
import { crowd, endure, peakOf, SHIPPED, SMALL, TIGHT } from './memory.ts'
import { NO_PODMAN, Podman, programAt } from './podman.ts'

const PROMETHEUS = programAt('prometheus')
const WHY = NO_PODMAN || (PROMETHEUS === undefined && 'prometheus is not installed')
/** The user of the image. */
const USER = 65532
const MEBI = 1024 ** 2

t.test('the image, in a pod with Automatisch and Prometheus', { skip: WHY }, async t => {
  const podman = new Podman(t)
  const image = await podman.image()
  const secret = SECRETS.github ?? ''

  await t.test('is as large as README says', async t => {
    const [{ Size } = { Size: 0 }] = JSON.parse(await podman.do('image', 'inspect', image)) as {
      Size: number
    }[]
    const [{ Size: below } = { Size: 0 }] = JSON.parse(
      await podman.do('image', 'inspect', await podman.base()),
    ) as { Size: number }[]
    const own = Math.round((Size - below) / MEBI)
    const said = Number(/image adds (\d+) MiB/.exec(readFileSync('README.md', 'utf8'))?.[1])
    t.comment(`${own} MiB on its base, ${Math.round(Size / MEBI)} MiB in all here`)
    t.ok(Math.abs(own - said) <= 0.05 * said, `${own} MiB, and README says ${said}`)
  })

  await t.test(
    'holds the program and its Node: no package, no source, no tool, no secret',
    async t => {
      const made = await podman.do('create', image)
      const tar = join(podman.folder, 'image.tar')
      await podman.do('export', '--output', tar, made)
      await podman.do('rm', made)
      const files = execFileSync('tar', ['--list', '--file', tar], { encoding: 'utf8' })
        .split('\n')
        .filter(path => path !== '' && !path.endsWith('/'))
      const own = files.filter(path => path.startsWith('app/'))
      t.same(
        own
          .map(path => path.replace(/(program|findings|reasons|tweetnacl)\/.*/, '$1/'))
          .filter((path, i, all) => all.indexOf(path) === i),
        [
          'app/bin/hookwarden.js',
          'app/dist/hookwarden.cdx.json',
          'app/dist/licences.txt',
          'app/dist/node_modules/tweetnacl/',
          'app/dist/program/',
          'app/docs/findings/',
          'app/docs/reasons/',
          'app/package.json',
        ],
      )
      const unwanted =
        /node_modules\/(?!tweetnacl\/(?:nacl-fast\.js|package\.json)$)|\.ts$|\.map$|\.env|\.npmrc|\.git|\.(?:pem|key|crt)$|bin\/(?:\w*sh|busybox|npm|npx|apt\S*)$/
      t.same(
        files.filter(path => unwanted.test(path)),
        [],
      )
      const bytes = readFileSync(tar)
      t.notOk(bytes.includes(process.cwd()), 'no place of the machine')
      t.notOk(bytes.includes(secret), 'no secret of whoever built it')
      const built = join(podman.folder, 'dist')
      execFileSync(process.execPath, ['deploy/package/build.ts', '--whole', '--to', built])
      t.same(
        own.filter(path => path.startsWith('app/dist/program/')).sort(),
        readdirSync(join(built, 'program')).map(name => `app/dist/program/${name}`),
        'the program is what is built here, each file named by what is in it: test/long/package.test.ts knows what that is',
      )
    },
  )

  await t.test('says in its history and its settings what it is, and nothing secret', async t => {
    const history = await podman.do('history', '--no-trunc', '--format', '{{.CreatedBy}}', image)
    t.notMatch(history, /secret|password|token|npm_config|BEGIN|_KEY/i)
    const [found] = JSON.parse(await podman.do('image', 'inspect', image)) as {
      readonly Config: Readonly<Record<string, unknown>>
      readonly Labels: Readonly<Record<string, string>>
    }[]
    t.match(found?.Config, { User: `${USER}:${USER}`, StopSignal: 'SIGTERM' })
    t.same(
      ((found?.Config.Env ?? []) as string[]).filter(one => !/^(?:PATH|NODE_ENV)=/.test(one)),
      [],
    )
    t.match(found?.Config.Entrypoint, ['/usr/local/bin/node', '--disable-sigusr1'])
    t.equal(found?.Labels['org.opencontainers.image.licenses'], 'MIT')
  })

  // what an operator mounts
  const etc = join(podman.folder, 'etc')
  mkdirSync(etc)
  const { certFile, keyFile } = await developmentCertificate()
  for (const [from, to] of [
    [certFile, 'tls.crt'],
    [keyFile, 'tls.key'],
  ] as const) {
    copyFileSync(from, join(etc, to))
    chownSync(join(etc, to), USER, USER)
  }
  writeFileSync(join(etc, 'github'), secret)
  writeFileSync(
    join(etc, 'hookwarden.yaml'),
    `version: 1
upstream: { url: 'http://127.0.0.1:3000', answer: 120s, body: 120s } # it is held for as long as this test takes
listen:
  https: 0.0.0.0:8443
  tls: [{ cert: /etc/hookwarden/tls.crt, key: /etc/hookwarden/tls.key }]
drain: { settle: 15s, within: 110s }
providers:
  github: { secret: file:/etc/hookwarden/github, flows: [${FLOW}] }
`,
  )
  writeFileSync(
    join(etc, 'prometheus.yml'),
    `global: { scrape_interval: 1s }
scrape_configs: [{ job_name: hookwarden, static_configs: [{ targets: ['127.0.0.1:9090'] }] }]
`,
  )
  const [port, prometheusPort] = [await freePort(), await freePort()]
  const pod = await podman.pod(
    'pod',
    ...['--publish', `127.0.0.1:${port}:8443`, '--publish', `127.0.0.1:${prometheusPort}:9091`],
  )
  const automatisch = await podman.start(
    'automatisch',
    ...['--pod', pod, '--volume', `${process.cwd()}:/repo:ro`, await podman.base(process.execPath)],
    ...[
      process.execPath,
      '/repo/test/support/automatisch.ts',
      '--port',
      '3000',
      '--control',
      '3001',
    ],
  )
  const ask = (path: string) =>
    podman.evaluate(
      automatisch,
      `process.stdout.write(await (await fetch('http://127.0.0.1:3001${path}')).text())`,
      process.execPath,
    )
  const seen = async () => (JSON.parse(await ask('/__seen')) as unknown[]).length
  const hookwarden = await podman.start(
    'hookwarden',
    ...[
      '--pod',
      pod,
      '--read-only',
      '--read-only-tmpfs=false',
      '--cap-drop=ALL',
      `--memory=${SMALL}m`,
      '--cpus=1',
    ],
    ...['--security-opt', 'no-new-privileges', '--pids-limit=64'],
    ...['--volume', `${etc}:/etc/hookwarden:ro`, image],
  )
  await podman.start(
    'prometheus',
    ...['--pod', pod, '--volume', `${etc}:/etc/prometheus:ro`, '--tmpfs', '/data'],
    ...[
      await podman.base(PROMETHEUS ?? ''),
      PROMETHEUS ?? '',
      '--config.file=/etc/prometheus/prometheus.yml',
    ],
    ...['--storage.tsdb.path=/data', '--web.listen-address=0.0.0.0:9091'],
  )

  /** Asks until it holds; whoever waits in vain is ended by the test's own time. */
  const until = async (holds: () => Promise<boolean>): Promise<void> => {
    while (!(await holds())) await pause(100)
  }
  const healthy = async () => (await podman.code('healthcheck', 'run', hookwarden)) === 0

  await t.test('is asked by its own health check, and is well', async t => {
    await until(healthy)
    t.pass('healthy')
  })

  await t.test('runs as nobody, with no capability, and writes nowhere', async t => {
    const status = await podman.evaluate(
      hookwarden,
      "console.log((await import('node:fs')).readFileSync('/proc/1/status', 'utf8'))",
    )
    t.match(status, /^Uid:\t65532\t65532/m)
    t.match(status, /^CapEff:\t0+$/m)
    t.match(status, /^CapBnd:\t0+$/m)
    t.match(status, /^NoNewPrivs:\t1$/m)
    for (const place of ['/', '/tmp', '/app', '/etc/hookwarden', '/var/lib/hookwarden']) {
      const script = `try { (await import('node:fs')).writeFileSync('${place}/x', ''); console.log('written') } catch (e) { console.log(e.code) }`
      t.match(await podman.evaluate(hookwarden, script), /^(?:EROFS|EACCES|ENOENT)$/, place)
    }
    const [{ HostConfig } = { HostConfig: undefined }] = JSON.parse(
      await podman.do('inspect', hookwarden),
    ) as { HostConfig: unknown }[]
    t.match(HostConfig, { Memory: SMALL * MEBI, NanoCpus: 1e9, ReadonlyRootfs: true })
    const bound = await podman.evaluate(hookwarden, 'console.log(process.constrainedMemory())')
    t.equal(Number(bound), SMALL * MEBI, 'the system bounds it')
  })

  await t.test(
    'a genuine delivery reaches Automatisch; a forged one reaches Prometheus',
    async t => {
      t.equal((await exchange(port, genuine('github', GITHUB, '{"id":1}')))?.status, 204)
      t.equal(await seen(), 1)
      const forged = Buffer.concat(genuine('github', GITHUB, '{"id":2}').map(Buffer.from))
      forged[forged.length - 2] = 0x33
      t.equal((await exchange(port, forged))?.status, 401)
      t.equal(await seen(), 1)
      const query = 'hookwarden_rejections_total{provider="github",reason="signature_mismatch"}'
      await until(async () => {
        const url = `http://127.0.0.1:${prometheusPort}/api/v1/query?query=${encodeURIComponent(query)}`
        const answer = await fetch(url).then(
          got => got.text(),
          () => '',
        )
        return /"value":\[[\d.]+,"1"\]/.test(answer)
      })
      t.pass('counted')
    },
  )

  await t.test('a signal opens no inspector', async t => {
    await podman.do('kill', '--signal', 'USR1', hookwarden)
    t.equal(await healthy(), true)
    const open = await podman.evaluate(
      hookwarden,
      "console.log((await import('node:fs')).readFileSync('/proc/net/tcp', 'utf8'))",
    )
    t.notMatch(open, /:240D /, 'port 9229')
  })

  await t.test('SIGTERM: the health check turns, and nothing is lost', async t => {
    await ask('/__hold')
    const early = await connect(port)
    const first = early.readAnswer()
    await early.send(genuine('github', GITHUB, '{"id":3}'))
    await until(async () => (await seen()) === 2)
    await podman.do('kill', '--signal', 'TERM', hookwarden)
    const late = await connect(port)
    const second = late.readAnswer()
    await late.send(genuine('github', GITHUB, '{"id":4}'))
    await until(async () => !(await healthy()))
    t.pass('not ready any more')
    await until(async () => (await seen()) === 3)
    await ask('/__release')
    t.equal((await first).status, 204, 'what was in flight')
    t.equal((await second).status, 204, 'what came in the meantime')
    t.equal(await podman.do('wait', hookwarden), '0')
  })

  /** One with so much memory and one processor, on the network of the machine. */
  async function bounded(t: Test, memory: number) {
    const [https, admin] = [await freePort(), await freePort()]
    const upstream = await startRecorder()
    t.teardown(() => upstream.close())
    writeFileSync(
      join(etc, 'flood.yaml'),
      `version: 1
upstream: ${upstream.url}
listen:
  https: 127.0.0.1:${https}
  tls: [{ cert: /etc/hookwarden/tls.crt, key: /etc/hookwarden/tls.key }]
  admin: 127.0.0.1:${admin}
limits: { buffered: 64MiB, connections: 2000, idle: 60s, headers: 60s }
providers:
  github: { secret: file:/etc/hookwarden/github, flows: [${FLOW}] }
`,
    )
    const name = await podman.start(
      `flood-${made++}`,
      ...['--network=host', '--read-only', '--read-only-tmpfs=false', '--cap-drop=ALL'],
      ...[`--memory=${memory}m`, '--cpus=1', '--security-opt', 'no-new-privileges'],
      ...['--pids-limit=64', '--ulimit=nofile=8192:8192', '--ulimit=nproc=1024:1024'],
      ...[
        '--volume',
        `${etc}:/etc/hookwarden:ro`,
        image,
        'run',
        '--config',
        '/etc/hookwarden/flood.yaml',
      ],
    )
    const metrics = () =>
      fetch(`http://127.0.0.1:${admin}/metrics`).then(
        got => got.text(),
        () => '',
      )
    await until(async () => (await metrics()) !== '')
    return {
      https,
      pid: Number(await podman.do('inspect', '--format', '{{.State.Pid}}', name)),
      gauge: async (series: string) =>
        Number(new RegExp(`^${series} (\\d+)$`, 'm').exec(await metrics())?.[1]),
      serves: async (t: Test, id: number) => {
        const delivery = genuine('github', GITHUB, `{"id":${id}}`)
        t.equal((await exchange(https, delivery))?.status, 204)
        t.equal(await podman.do('inspect', '--format', '{{.State.Running}}', name), 'true')
      },
    }
  }
  let made = 0

  for (const [memory, buffered] of [
    [TIGHT, 56],
    [SMALL, 64],
    [SHIPPED, 64],
  ] as const)
    await t.test(`${memory} MiB and one processor: 500 slow uploads do not end it`, async t => {
      const on = await bounded(t, memory)
      const allowed = await on.gauge('hookwarden_buffered_limit_bytes')
      t.equal(allowed, buffered * MEBI, 'bytes of bodies that fit')
      const statuses = await endure({
        ...{ port: on.https, path: GITHUB, secret },
        ...{ uploads: 500, bytes: 1_000_000, addresses: 10, time: 8000 },
      })
      const peak = peakOf(on.pid)
      t.comment(`${Math.round(peak / MEBI)} MiB at the most; ${JSON.stringify(statuses)}`)
      t.ok(peak < TIGHT * MEBI, `${peak} bytes resident at the most, whatever it is allowed`)
      const answered = new Set(['204', '408', '503'])
      t.same(
        Object.keys(statuses).filter(status => !answered.has(status)),
        [],
        'each is delivered or honestly refused',
      )
      t.ok(statuses[204], 'and some are delivered')
      await on.serves(t, 6)
    })

  for (const [memory, most] of [
    [TIGHT, 1228],
    [SMALL, 2000],
    [SHIPPED, 2000],
  ] as const)
    await t.test(`${memory} MiB: ${most} idle connections do not end it`, async t => {
      const on = await bounded(t, memory)
      t.equal(await on.gauge('hookwarden_connections_limit'), most, 'so many have room')
      for (let id = 1000; id < 3000; id++)
        await exchange(on.https, genuine('github', GITHUB, `{"id":${id}}`))
      const idle = await crowd(on.https, most - 2)
      t.teardown(() => {
        for (const one of idle) one.destroy()
      })
      const peak = peakOf(on.pid)
      t.comment(`${Math.round(peak / MEBI)} MiB`)
      t.ok(peak < TIGHT * MEBI, `${peak} bytes resident at the most`)
      t.equal(idle.filter(({ socket }) => !socket.closed).length, most - 2, 'all of them are open')
      await on.serves(t, 7)
    })

  await t.test("Node's permission model holds it to its files", async t => {
    const strict = await podman.start(
      'strict',
      ...['--pod', pod, '--read-only', '--cap-drop=ALL', '--volume', `${etc}:/etc/hookwarden:ro`],
      ...['--entrypoint', '/usr/local/bin/node', image, '--permission', '--allow-net'],
      ...['--allow-fs-read=/app', '--allow-fs-read=/etc/hookwarden', '/app/bin/hookwarden.js'],
      ...['run', '--config', '/etc/hookwarden/hookwarden.yaml'],
    )
    await until(async () => (await podman.code('healthcheck', 'run', strict)) === 0)
    t.equal((await exchange(port, genuine('github', GITHUB, '{"id":5}')))?.status, 204)
  })
})
