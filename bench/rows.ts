import type { Load } from './load.ts'

/** One kind of work that contenders are measured at. */
export interface Row {
  readonly name: RowName
  readonly says: string
  readonly load: Pick<Load, 'kind' | 'bytes' | 'count' | 'connections' | 'fresh'>
  /** The only status that counts as done. */
  readonly status: number
}

type RowName =
  | 'accepted-2k'
  | 'accepted-64k'
  | 'accepted-900k'
  | 'forged-2k'
  | 'refused-at-head'
  | 'new-connection'

const KIB = 1024
const KEPT = { connections: 16, fresh: false } as const

export const ROWS: readonly Row[] = [
  {
    name: 'accepted-2k',
    says: 'accepted 2 KiB',
    load: { kind: 'genuine', bytes: 2 * KIB, count: 2000, ...KEPT },
    status: 204,
  },
  {
    name: 'accepted-64k',
    says: 'accepted 64 KiB',
    load: { kind: 'genuine', bytes: 64 * KIB, count: 600, ...KEPT },
    status: 204,
  },
  {
    name: 'accepted-900k',
    says: 'accepted 900 KiB',
    load: { kind: 'genuine', bytes: 900 * KIB, count: 80, ...KEPT, connections: 4 },
    status: 204,
  },
  {
    name: 'forged-2k',
    says: 'forged 2 KiB',
    load: { kind: 'forged', bytes: 2 * KIB, count: 2500, ...KEPT },
    status: 401,
  },
  {
    name: 'refused-at-head',
    says: 'refused at the head, 64 KiB declared',
    load: { kind: 'unsigned', bytes: 64 * KIB, count: 1200, ...KEPT },
    status: 401,
  },
  {
    name: 'new-connection',
    says: 'new TLS connection, 2 KiB',
    load: { kind: 'genuine', bytes: 2 * KIB, count: 250, connections: 8, fresh: true },
    status: 204,
  },
]
