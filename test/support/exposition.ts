import { delivery, label, metricsOf, STILL } from '../unit/report/subject.ts'

/** One metric that Hookwarden exposes, its own or Node's. */
export interface Exposed {
  readonly name: string
  readonly type: string
  /** Its labels, less `le`, each with the values that were seen. */
  readonly labels: ReadonlyMap<string, ReadonlySet<string>>
}

/** What a registry exposes that has seen a delivery with everything, and a provider in each mode. */
export async function exposition(): Promise<readonly Exposed[]> {
  const metrics = metricsOf(
    [
      label('github', { timed: true, secretExpiry: 1, failureRow: 4 }),
      label('reporting', { mode: 'report', signed: 'token' }),
      label('off', { mode: 'off', signed: 'none' }),
    ],
    {
      gauges: {
        ...STILL,
        certificates: () => [{ name: 'hooks.example.com', notAfter: 1 }],
        pinnedKeys: () => [{ key: 'ENCRYPTION_KEY', state: 'same' }],
        discovered: () => ({
          ...{ up: true, doubted: false },
          flows: new Map([['github', 1]]),
          unprotected: new Map([['jotform', 1]]),
        }),
      },
    },
  )
  metrics.settled(delivery({ skew: 1 }))
  return read(await metrics.text())
}

function read(text: string): Exposed[] {
  return [...text.matchAll(/^# TYPE (\S+) (\S+)$/gm)].map(([, name = '', type = '']) => {
    const labels = new Map<string, Set<string>>()
    const samples = new RegExp(`^${name}(?:_bucket|_sum|_count)?(?:\\{(.*)\\})? `, 'gm')
    for (const [, written = ''] of text.matchAll(samples)) {
      for (const [, word = '', value = ''] of written.matchAll(/(\w+)="((?:\\.|[^"\\])*)"/g)) {
        if (word === 'le') continue
        labels.set(word, (labels.get(word) ?? new Set()).add(value))
      }
    }
    return { name, type, labels }
  })
}
