/** What a container is for, as far as its image and its variables tell. */
export type Role = 'main' | 'worker' | 'postgres' | 'redis' | 'hookwarden' | 'other'

/** One container of a compose file or of Kubernetes manifests. */
export interface Container {
  /** File and name, as findings show it. */
  readonly where: string
  readonly role: Role
  /** Undefined where it is built from a Dockerfile. */
  readonly image: string | undefined
  /** Variables with the value that stands in the file; undefined where it comes from elsewhere. */
  readonly env: ReadonlyMap<string, string | undefined>
  /** Words of entry point, command and arguments. */
  readonly words: readonly string[]
  /** Ports that are reachable from other machines. */
  readonly published: readonly number[]
  /** Whether only its own kind reaches it: on internal networks of its own, or behind a network policy. */
  readonly isolated: boolean
  /** Whose containers share a network with it, where the files say so. */
  readonly beside: ReadonlySet<Role>
  readonly restarts: boolean
  readonly healthChecked: boolean
  /** Whether it runs as root as far as the file says. */
  readonly root: boolean
  /** Files of variables that it reads. */
  readonly envFiles: readonly string[]
}

/** Tells what a container is for. */
export function roleOf(
  name: string,
  image: string | undefined,
  env: ReadonlyMap<string, string | undefined>,
): Role {
  const [base = ''] = nameOfImage(image ?? '').split(':')
  if (/hookwarden/.test(base) || (image === undefined && /hookwarden/.test(name)))
    return 'hookwarden'
  if (/^(?:postgres|postgresql|postgis)$/.test(base)) return 'postgres'
  if (/^(?:redis|valkey|keydb)$/.test(base)) return 'redis'
  if (!env.has('APP_SECRET_KEY') && !/automatisch/.test(base)) return 'other'
  return env.get('WORKER') !== undefined || /worker/.test(name) ? 'worker' : 'main'
}

/** Name and tag of an image, without registry and digest. */
export function nameOfImage(image: string): string {
  return image.replace(/@.*$/, '').replace(/^.*\//, '')
}

/** The member of a value that a path of names leads to; undefined where there is none. */
export function at(value: unknown, ...path: readonly string[]): unknown {
  let here = value
  for (const step of path) here = isKeyed(here) ? here[step] : undefined
  return here
}

export function isKeyed(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

export function listOf(value: unknown): readonly unknown[] {
  if (Array.isArray(value)) return value
  return value === undefined || value === null ? [] : [value]
}

/** A scalar as text; undefined for anything else. */
export function textOf(value: unknown): string | undefined {
  if (typeof value === 'string') return value
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : undefined
}
