import type { Millis } from '../units.ts'
import type { ProviderStatus, Status } from './status.ts'
import { ago, inHour, some, until } from './words.ts'

/** `bad`: deliveries are refused or lost that should not be, or soon will be. `warn`: look at it in the morning. */
export type Level = 'bad' | 'warn'

/** One thing that is not as it should be. */
export interface Notice {
  readonly level: Level
  /** The provider whose it is. */
  readonly provider?: string
  readonly says: string
  readonly fix: string
  /** Path of a page under `docs/`, without its ending. */
  readonly page?: string
}

const DAY: Millis = 24 * 60 * 60 * 1000
/** Fewer refusals may be anybody's. */
const FEW = 3

/** What is wrong, the worst first. Empty: everything is fine. */
export function judge(status: Status): readonly Notice[] {
  const all = [
    ...ofUpstream(status),
    ...status.providers.flatMap(one => ofProvider(one, status.now)),
    ...ofGeneration(status),
    ...ofDiscovery(status),
    ...ofMachine(status),
    ...ofCertificates(status),
    ...ofStore(status),
  ]
  return [...all.filter(one => one.level === 'bad'), ...all.filter(one => one.level === 'warn')]
}

function ofUpstream({ upstream, draining }: Status): Notice[] {
  const notices: Notice[] = []
  if (upstream.circuit === 2)
    notices.push({
      level: 'bad',
      says: 'Automatisch is away',
      fix: 'See whether it runs and answers /healthcheck. Until then proven deliveries wait, then are answered 503.',
      page: 'reasons/circuit_open',
    })
  if (draining)
    notices.push({
      level: 'warn',
      says: 'This process is draining',
      fix: 'It was told to stop and finishes what is in flight.',
    })
  return notices
}

function ofProvider(one: ProviderStatus, now: Millis): Notice[] {
  if (one.mode === 'off') return []
  return [
    ...ofSecrets(one, now),
    ...ofRefusals(one, now),
    ...ofTraffic(one),
    ...(one.leaks === 0 ? [] : [leaked(one)]),
  ]
}

function ofSecrets({ name, ready, problems, ...one }: ProviderStatus, now: Millis): Notice[] {
  if (!ready) {
    return [
      {
        level: 'bad',
        provider: name,
        says: `${name} has no usable secret: its deliveries are answered 503`,
        fix: problems.join('; ') || 'Set its secret; `hookwarden check` shows what is wrong.',
        page: 'reasons/secret_unavailable',
      },
    ]
  }
  const { secretEnds } = one
  if (one.secret !== 'previous' || secretEnds === undefined || secretEnds - now > 7 * DAY) return []
  return [
    {
      level: secretEnds - now < DAY ? 'bad' : 'warn',
      provider: name,
      says: `${name} still signs with a secret that ends ${until(secretEnds, now)}`,
      fix: 'Move the sender to the current secret, or move `until`.',
      page: 'findings/secret_expired',
    },
  ]
}

function ofRefusals(one: ProviderStatus, now: Millis): Notice[] {
  const { name, found, lastAccepted, lastRefused, lastReason } = one
  const cause = found?.findings[0]
  if (found !== undefined && cause?.genuine === true && found.at > lastAccepted) {
    return [
      {
        level: 'bad',
        provider: name,
        says: `${name} is refused, and it is no forgery: ${cause.says}`,
        fix: sentence(cause.fix),
        page: `findings/${cause.code}`,
      },
    ]
  }
  const refused = inHour(one.hour, 'refused')
  if (inHour(one.hour, 'accepted') > 0 || refused < FEW || lastAccepted > lastRefused) return []
  const since =
    lastAccepted === 0 ? 'none since the start' : `the last one ${ago(lastAccepted, now)}`
  return [
    {
      level: 'bad',
      provider: name,
      says: `Everything for ${name} is refused: ${some(refused, 'request')} in the last hour, none accepted (${since})`,
      fix: cause === undefined ? `The last reason is ${lastReason}.` : sentence(cause.fix),
      page: cause === undefined ? `reasons/${lastReason}` : `findings/${cause.code}`,
    },
  ]
}

function ofTraffic({ name, hour }: ProviderStatus): Notice[] {
  const lost = inHour(hour, 'lost')
  const limited = inHour(hour, 'limited')
  const notices: Notice[] = []
  if (lost > 0)
    notices.push({
      level: 'warn',
      provider: name,
      says: `${some(lost, 'delivery', 'deliveries')} of ${name} came to nothing at Automatisch in the last hour`,
      fix: 'See the log of Automatisch; senders that never repeat have to send them again.',
      page: 'reasons/upstream_error',
    })
  if (limited > 0)
    notices.push({
      level: 'warn',
      provider: name,
      says: `${some(limited, 'genuine delivery', 'genuine deliveries')} of ${name} met a limit in the last hour`,
      fix: 'Raise the limit if Automatisch keeps up, or give it more workers.',
      page: 'reasons/rate_provider',
    })
  return notices
}

function leaked({ name, leaks }: ProviderStatus): Notice {
  return {
    level: 'bad',
    provider: name,
    says: `${some(leaks, 'header')} of deliveries for ${name} showed a secret`,
    fix: 'Change that secret and tell the sender. The log line names the header; it was not forwarded.',
  }
}

function ofGeneration({ generation: { failed }, now }: Status): Notice[] {
  if (failed === undefined) return []
  const [first = '', ...more] = failed.issues
  const others = more.length === 0 ? '' : ` (and ${more.length} more, below)`
  return [
    {
      level: 'bad',
      says: `The map was changed ${ago(failed.at, now)} and cannot be used; the one before is served`,
      fix: `${first}${others}`,
    },
  ]
}

function ofDiscovery({ discovery }: Status): Notice[] {
  if (discovery === undefined) return []
  const notices: Notice[] = []
  if (!discovery.up)
    notices.push({
      level: 'warn',
      says: "Flows cannot be looked up in Automatisch's database; those last known are served",
      fix: 'The log line `flows cannot be looked up` has the cause.',
      page: 'reasons/discovery_pending',
    })
  if (discovery.doubted)
    notices.push({
      level: 'bad',
      says: "Automatisch's database says that most flows are gone; it is not believed yet",
      fix: 'Was it emptied, or restored to an old dump?',
    })
  if (discovery.unprotected.length > 0)
    notices.push({
      level: 'warn',
      says: `Published flows that no provider covers: ${discovery.unprotected.map(({ app, flows }) => `${flows} of ${app === 'none' ? 'an unknown app' : app}`).join(', ')}`,
      fix: 'Deliveries to them are refused. `hookwarden discover` writes the entries that are missing.',
    })
  return notices
}

function ofMachine(status: Status): Notice[] {
  const notices: Notice[] = []
  if (status.clockSuspect)
    notices.push({
      level: 'bad',
      says: 'The clock of this machine is wrong: all senders sign another time',
      fix: 'Set it by NTP.',
      page: 'reasons/timestamp_future',
    })
  if (status.changedKeys.length > 0)
    notices.push({
      level: 'bad',
      says: `${status.changedKeys.join(' and ')} of Automatisch changed since pinned`,
      fix: 'Put the old key back, or run `hookwarden keys pin --again` if the change was meant.',
    })
  if (status.overloaded)
    notices.push({
      level: 'warn',
      says: 'There is more to do than this process can',
      fix: 'Give it more processor or memory, run another replica, or stop the flood in front.',
      page: 'reasons/overloaded',
    })
  for (const { name, used, most, unit } of status.fills) {
    if (unit === 'share' || used <= 0.8 * most) continue // a rate may be spent in a burst: that is what it is for
    notices.push({
      level: 'warn',
      says: `${name} is nearly full`,
      fix: 'See below how full, and raise the limit if what comes is genuine.',
    })
  }
  if (status.addressHidden)
    notices.push({
      level: 'warn',
      says: 'All connections come from one private address: something in between hides the senders',
      fix: 'Use host networking, `externalTrafficPolicy: Local`, or name the proxy in `trust_proxies`.',
    })
  if (status.logLinesDropped > 0)
    notices.push({
      level: 'warn',
      says: `${some(status.logLinesDropped, 'log line')} could not be written since the start`,
      fix: 'The disk is full, or what reads the log is too slow.',
    })
  return notices
}

function ofCertificates({ certificates, certificatesRenewed, now }: Status): Notice[] {
  const notices: Notice[] = certificates
    .filter(({ notAfter }) => notAfter - now < 14 * DAY)
    .map(({ name, notAfter }) => ({
      level: notAfter - now < 2 * DAY ? 'bad' : 'warn',
      says: `The certificate ${name} ${notAfter > now ? 'ends' : 'ended'} ${until(notAfter, now)}`,
      fix: 'See why it was not renewed. After its end no sender delivers.',
    }))
  if (certificatesRenewed) return notices
  return [
    ...notices,
    {
      level: 'warn',
      says: 'New certificate files cannot be used; those before are served',
      fix: 'The log names the file and what is wrong with it.',
    },
  ]
}

function ofStore({ store }: Status): Notice[] {
  if (store.up) return []
  return [
    {
      level: 'bad',
      says: 'The shared store is away: this replica counts and remembers alone',
      fix: 'See whether Redis runs; the log line `the shared store is away` has the cause.',
    },
  ]
}

function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`
}
