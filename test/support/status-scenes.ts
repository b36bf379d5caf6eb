import type { Hour, Status } from '../../src/status/status.ts'
import { DAY, hour, MINUTE, NOW, provider, status } from '../unit/status/subject.ts'

/** An hour of steady traffic that differs by its seed. */
function busy(seed: number, refused = 0): Hour {
  const lane = (of: (minute: number) => number) => Array.from({ length: 60 }, (_, i) => of(i))
  return {
    ...hour({}),
    accepted: lane(i =>
      Math.round(6 + 9 * Math.abs(Math.sin(i * 0.37 + seed) + Math.sin(i * seed))),
    ),
    refused: lane(i => (i % 11 === seed % 11 ? refused : 0)),
  }
}

/** A night on which most is well and a little is not: what the pictures in docs/ show. */
export const ILL: Status = status({
  providers: [
    provider('github', {
      hour: busy(2, 2),
      lastRefused: NOW - 3 * MINUTE,
      lastReason: 'signature_mismatch',
    }),
    provider('stripe-live', {
      preset: 'stripe',
      hour: busy(5),
      secret: 'previous',
      secretEnds: NOW + 3 * DAY,
    }),
    provider('typeform', {
      preset: 'typeform',
      hour: {
        ...hour({}),
        refused: Array.from({ length: 60 }, (_, i) => (i < 40 ? 0 : 3 + (i % 4))),
      },
      lastAccepted: NOW - 2 * DAY,
      lastRefused: NOW - 20_000,
      lastReason: 'signature_mismatch',
      found: {
        at: NOW - 50_000,
        findings: [
          {
            code: 'secret_newline',
            says: 'a line end too many or too few in the secret',
            fix: 'store the secret without a line end: `printf %s`, not `echo`; `file:` drops exactly one',
            genuine: true,
          },
        ],
      },
    }),
    provider('acme-erp', { preset: undefined, mode: 'report', hour: busy(1) }),
    provider('old-shop', { mode: 'off', hour: hour({}), lastAccepted: 0, secret: undefined }),
  ],
  upstream: { ...status().upstream, answered: 41_207, failed: 2 },
  fills: [
    { name: 'Connections', used: 211, most: 2000, unit: 'count' },
    { name: 'Held bytes', used: 31_000_000, most: 67_108_864, unit: 'bytes' },
    { name: 'Verified, all providers (300/1s)', used: 0.22, most: 1, unit: 'share' },
  ],
  certificates: [{ name: 'hooks.example.com', notAfter: NOW + 9 * DAY }],
  refusals: [1, 2, 3, 4].map(i => ({
    at: NOW - i * 37_000,
    provider: i === 3 ? 'github' : 'typeform',
    reason: i === 3 ? ('timestamp_stale' as const) : ('signature_mismatch' as const),
    address: `203.0.113.${i}`,
    requestId: `5d2f9a1c3b7e-${1000 - i}`,
    bytes: 2048,
    detail: undefined,
    findings:
      i === 1
        ? [{ code: 'secret_newline', detail: 'env:TYPEFORM has one line end too many at its end' }]
        : [],
  })),
  strays: [],
})

/** The same when nothing is wrong. */
export const FINE: Status = status({
  ...ILL,
  providers: ILL.providers
    .filter(({ name }) => name !== 'typeform')
    .map(one => ({ ...one, secret: 'current' as const, secretEnds: undefined })),
  certificates: [{ name: 'hooks.example.com', notAfter: NOW + 60 * DAY }],
})
