import { execFile, execFileSync, spawnSync } from 'node:child_process'
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { promisify } from 'node:util'
import type { Test } from 'tap'

const ROOT = join(import.meta.dirname, '../..')
const run = promisify(execFile)

/** Where a program of the machine is; undefined where it is not installed. */
export function programAt(name: string): string | undefined {
  const { status, stdout } = spawnSync('which', ['-a', name], { encoding: 'utf8' })
  return status === 0 ? stdout.split('\n').find(path => path !== '') : undefined
}

/** Why tests with containers are skipped: false where they can run. */
export const NO_PODMAN: string | false = whyNot()

function whyNot(): string | false {
  const missing = ['podman', 'runc', 'buildah', 'strip', 'tar'].filter(
    name => programAt(name) === undefined,
  )
  if (missing.length > 0) return `not installed: ${missing.join(', ')}`
  if (process.getuid?.() !== 0) return 'containers are made by root here'
  return existsSync('/usr/bin/npm')
    ? false
    : 'npm is not in /usr/bin, which stands in for a base image'
}

/** Podman with names of this test's own, which are removed when it is over. */
export class Podman {
  readonly folder: string
  /** In front of every name that is made. */
  readonly prefix = `hookwarden-test-${process.pid}`
  readonly #env: NodeJS.ProcessEnv
  readonly #images: string[] = []
  readonly #pods: string[] = []
  readonly #containers: string[] = []
  readonly #networks: string[] = []

  constructor(t: Pick<Test, 'teardown'>) {
    this.folder = mkdtempSync(join(tmpdir(), 'hookwarden-container-'))
    const conf = join(this.folder, 'containers.conf')
    // a machine that is itself confined cannot raise limits; crun needs more of it than runc does
    writeFileSync(
      conf,
      '[containers]\ndefault_ulimits = ["nofile=4096:4096", "nproc=1024:1024"]\n[engine]\nruntime = "runc"\n',
    )
    this.#env = { ...process.env, CONTAINERS_CONF: conf }
    t.teardown(() => this.#clear())
  }

  /** Runs one command and gives what it prints. Throws what it says where it fails. */
  async do(...args: readonly string[]): Promise<string> {
    const { stdout } = await run('podman', [...args], {
      env: this.#env,
      cwd: ROOT,
      maxBuffer: 64 * 1024 ** 2,
    })
    return stdout.trim()
  }

  /** The same, giving its exit code instead. */
  async code(...args: readonly string[]): Promise<number> {
    try {
      await this.do(...args)
      return 0
    } catch (error) {
      return Number((error as { readonly code?: unknown }).code)
    }
  }

  /** Starts a container in the background and gives its name. */
  async start(name: string, ...args: readonly string[]): Promise<string> {
    const whole = `${this.prefix}-${name}`
    this.#containers.push(whole)
    await this.do('run', '--detach', '--name', whole, ...args)
    return whole
  }

  async pod(name: string, ...args: readonly string[]): Promise<string> {
    const whole = `${this.prefix}-${name}`
    this.#pods.push(whole)
    await this.do('pod', 'create', '--name', whole, ...args)
    return whole
  }

  async network(name: string, ...args: readonly string[]): Promise<string> {
    const whole = `${this.prefix}-${name}`
    this.#networks.push(whole)
    await this.do('network', 'create', ...args, whole)
    return whole
  }

  /** Evaluates JavaScript by the Node of a container and gives what it prints. */
  evaluate(container: string, script: string, node = '/usr/local/bin/node'): Promise<string> {
    return this.do('exec', container, node, '--input-type=module', '-e', script)
  }

  /**
   * A root file system with the C libraries and nothing else, as images without a distribution have it, out of this
   * machine's own files: no registry of images is needed.
   */
  async base(...programs: readonly string[]): Promise<string> {
    const name = ['base', ...programs.map(one => basename(one))].join('-')
    const known = this.#images.find(image => image.endsWith(`-${name}`))
    if (known !== undefined) return known
    const root = join(this.folder, name)
    for (const path of ['tmp', 'proc', 'dev', 'sys', 'etc', 'repo'])
      mkdirSync(join(root, path), { recursive: true })
    chmodSync(join(root, 'tmp'), 0o1777)
    writeFileSync(
      join(root, 'etc/passwd'),
      'root:x:0:0::/:/nologin\nnonroot:x:65532:65532::/:/nologin\n',
    )
    for (const library of librariesOf([process.execPath, ...programs])) {
      // libatomic is what the image brings itself
      if (library.includes('libatomic') && programs.length === 0) continue
      const place = join(root, library)
      mkdirSync(dirname(place), { recursive: true })
      copyFileSync(realpathSync(library), place)
    }
    for (const program of programs) {
      const place = join(root, program)
      mkdirSync(dirname(place), { recursive: true })
      copyFileSync(realpathSync(program), place)
      chmodSync(place, 0o755)
    }
    return this.#imported(root, name)
  }

  /**
   * Stands in for an image with npm and a shell: it is empty, and what it needs is this machine's `/usr`, mounted while
   * the image is built. No registry is reached from there, so `npm ci` finds the packages that are installed here.
   */
  async buildBase(): Promise<{ readonly image: string; readonly mounts: readonly string[] }> {
    const { image, mounts } = await this.machine('build', 'ENV=PATH=/opt/bin:/usr/bin:/bin')
    const modules = `${join(ROOT, 'node_modules')}:/src/node_modules:O`
    return { image, mounts: [...mounts, '--volume', modules] }
  }

  /** An image that is empty but for this machine's programs, which are mounted when it is run. */
  async machine(
    name: string,
    change?: string,
  ): Promise<{ readonly image: string; readonly mounts: readonly string[] }> {
    const root = join(this.folder, name)
    for (const path of ['usr', 'etc/alternatives', 'tmp', 'root', 'proc', 'dev', 'sys', 'opt/bin'])
      mkdirSync(join(root, path), { recursive: true })
    for (const path of ['bin', 'lib', 'lib64', 'sbin']) symlinkSync(`usr/${path}`, join(root, path))
    chmodSync(join(root, 'tmp'), 0o1777)
    writeFileSync(
      join(root, 'etc/passwd'),
      'root:x:0:0:root:/root:/bin/sh\nstore:x:999:999::/:/bin/sh\n',
    )
    writeFileSync(
      join(root, 'opt/bin/npm'),
      '#!/bin/sh\nif [ "$1" = ci ]; then exec test -x /src/node_modules/node/bin/node; fi\nexec /usr/bin/npm "$@"\n',
      { mode: 0o755 },
    )
    const image = await this.#imported(root, name, change)
    const mounts = ['/usr:/usr:ro', '/etc/alternatives:/etc/alternatives:ro']
    return { image, mounts: mounts.flatMap(one => ['--volume', one]) }
  }

  /** Builds the image by its own Dockerfile. */
  async image(): Promise<string> {
    const { image: build, mounts } = await this.buildBase()
    const name = `localhost/${this.prefix}-image`
    this.#images.push(name)
    await this.do(
      ...['build', '--format', 'docker', '--network', 'none', '--layers=false', '--quiet'],
      ...['--file', 'deploy/image/Dockerfile'],
      ...['--ignorefile', 'deploy/image/Dockerfile.dockerignore'],
      ...['--build-arg', `BUILD=${build}`, '--build-arg', `BASE=${await this.base()}`],
      ...mounts,
      ...['--tag', name, '.'],
    )
    return name
  }

  async #imported(root: string, name: string, change?: string): Promise<string> {
    const image = `localhost/${this.prefix}-${name}`
    const tar = join(this.folder, `${name}.tar`)
    execFileSync('tar', ['--create', '--file', tar, '--directory', root, '.'])
    this.#images.push(image)
    await this.do(
      'import',
      '--quiet',
      ...(change === undefined ? [] : ['--change', change]),
      tar,
      image,
    )
    rmSync(tar)
    return image
  }

  async #clear(): Promise<void> {
    const gone = (...args: string[]) => this.do(...args).catch(() => undefined)
    for (const name of this.#containers)
      await gone('rm', '--force', '--volumes', '--time', '0', name)
    for (const name of this.#pods) await gone('pod', 'rm', '--force', '--time', '0', name)
    for (const name of this.#networks) await gone('network', 'rm', '--force', name)
    for (const name of this.#images.reverse()) await gone('rmi', '--force', name)
    rmSync(this.folder, { recursive: true, force: true })
  }
}

/** Files of the shared libraries that programs need, and of what loads them. */
function librariesOf(programs: readonly string[]): string[] {
  const found = programs.flatMap(program => {
    const { stdout } = spawnSync('ldd', [program], { encoding: 'utf8' })
    return [...stdout.matchAll(/(?:=> )?(\/\S+) \(0x/g)].map(([, path = '']) => path)
  })
  return [...new Set(found)]
}
