import { type ChildProcess, fork, spawn } from 'node:child_process'
import { once } from 'node:events'
import { openSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { percentile, type Target } from '../../bench/delivery.ts'
import type { Steadily, Steady } from '../../bench/steady.ts'
import { SECRETS } from '../signers/signers.ts'
import { type Process, startProcess } from '../support/process.ts'
import { GITHUB, genuine } from '../wire/stage.ts'
import type { Kind, Slow, Slowly } from './slow-sender.ts'

const UPSTREAM = 'generous.ts'
const STEADY = '../../bench/steady.ts'
const SENDER = 'slow-sender.ts'
const SLOW = 2_000
const ADDRESSES = 100
/** So many new connections a second, until all are there and whenever one was cut. */
const PACE = 800
/** Between two deliveries of good traffic, in milliseconds. */
const EVERY = 4
/** How many there are in a second. */
const SECOND = 1_000 / EVERY
/** Good traffic is measured for so many seconds: beside slow senders for longer than a deadline. */
const IDLE = 4
const BUSY = 11
/** How much later than its deadline a connection may end: deadlines are looked at from time to time. */
const LATE = 5_000
/** How much earlier, because both ends do not begin to count at once. */
const EARLY = 200
/** How much longer good traffic may take beside them. */
const TIMES = 3
/** What else the machine does can only add: the best of so many counts. */
const RUNS = 4

/** The deadlines for a handshake or a head, and for progress of a body or an answer, in milliseconds. */
interface Deadlines {
  readonly headers: number
  readonly idle: number
}

const mapOf = ({ headers, idle }: Deadlines) => `
defaults: { limits: { deadline: ${idle}ms, concurrency: 3000, per_provider: 100000/1s } }
limits: { connections: 3000, headers: ${headers}ms, idle: ${idle}ms, verified: 100000/1s }
`
const WHOLE = Buffer.concat(genuine('github', GITHUB, '{}')).toString('latin1')
/** A claim that is well formed, and false. */
const FALSE = WHOLE.replace(/sha256=[0-9a-f]{64}/, `sha256=${'0f'.repeat(32)}`).replace(
  /Content-Length: 2\r\n\r\n.*$/s,
  'Content-Length: 100000\r\n\r\n',
)
/** More than the system takes of it on a narrow connection, and little enough for thousands of them. */
const UNREAD = `X-Answer-Bytes: ${256 * 1024}\r\n`

interface Row {
  readonly kind: Kind
  readonly begins: string
  readonly trickles: string
  readonly deadlines: Deadlines
  /** When each is cut. */
  readonly deadline: number
  /** How each is answered; 0 where it is not. */
  readonly status: number
}

/** As they are unless the map says otherwise. */
const USUAL: Deadlines = { headers: 5_000, idle: 10_000 }
/** A handshake costs more than a slow sender does: so many heads end that two hundred follow in a second. */
const LONG: Deadlines = { headers: 10_000, idle: 10_000 }

/** None of them is followed by another, so all have to be there before the first is cut, on a slow machine too. */
const PATIENT: Deadlines = { headers: 30_000, idle: 15_000 }

const ROWS: readonly Row[] = [
  {
    kind: 'handshake',
    begins: '',
    trickles: '',
    deadlines: USUAL,
    deadline: USUAL.headers,
    status: 0,
  },
  {
    kind: 'head',
    begins: `POST ${GITHUB} HTTP/1.1\r\n`,
    trickles: 'Host: localhost\r\nX-Slow: ',
    deadlines: LONG,
    deadline: LONG.headers,
    status: 408,
  },
  {
    kind: 'body',
    begins: FALSE,
    trickles: '{',
    deadlines: USUAL,
    deadline: USUAL.idle,
    status: 408,
  },
  {
    kind: 'answer',
    begins: UNREAD,
    trickles: '',
    deadlines: PATIENT,
    deadline: PATIENT.idle,
    status: 200,
  },
]

t.setTimeout(380_000)

t.test('thousands of slow senders are cut off, and good traffic does not feel them', async t => {
  const upstream = begin(t, UPSTREAM)
  const port = await told<number>(upstream)
  const steady = begin(t, STEADY)
  for (const row of ROWS) await feels(t, row, steady, port)
})

async function feels(t: Test, row: Row, steady: ChildProcess, upstream: number): Promise<void> {
  const { kind, status, deadline, deadlines } = row
  const map = mapOf(deadlines)
  const hookwarden = await startProcess(t, { upstream, map, stdout: openSync('/dev/null', 'w') })
  const traffic = (seconds: number) => steadily(steady, hookwarden, seconds)
  await traffic(1) // warms up
  let best = Number.POSITIVE_INFINITY
  for (let run = 0; run < RUNS && best > TIMES; run++) {
    const idle = await traffic(IDLE)
    const [{ lives, statuses, failed }, busy] = await beside(t, hookwarden, row, () =>
      traffic(BUSY),
    )
    const cut = Object.values(statuses).reduce((sum, count) => sum + count, 0)
    t.comment(
      `${kind}: p99 ${idle.p99.toFixed(1)} ms idle, ${busy.p99.toFixed(1)} ms beside; ` +
        `${cut} cut, after ${Math.min(...lives).toFixed(0)} to ` +
        `${Math.max(...lives).toFixed(0)} ms: ${JSON.stringify(statuses)}`,
    )
    t.same(Object.keys(busy.statuses), ['204'], `${kind}: good traffic is served`)
    t.equal(failed, 0, `${kind}: each was let in`)
    t.ok(cut >= SLOW, `${kind}: ${cut} were cut`)
    t.same(Object.keys(statuses), [`${status}`], `${kind}: how each ends`)
    const wrong = lives.filter(life => life < deadline - EARLY || life > deadline + LATE)
    t.same(wrong, [], `${kind}: each was cut at its deadline`)
    best = Math.min(best, busy.p99 / idle.p99)
  }
  t.ok(best < TIMES, `${kind}: the p99 of good traffic is ${best.toFixed(2)} times as long`)
  hookwarden.child.kill('SIGKILL')
}

/** Measures while slow senders are there. */
async function beside<T>(
  t: Test,
  hookwarden: Process,
  { kind, begins, trickles }: Row,
  measure: () => Promise<T>,
): Promise<[Slowly, T]> {
  const senders = kind === 'answer' ? narrow(t, hookwarden) : [begin(t, SENDER)]
  const share = senders.length
  const slow: Slow = {
    ...{ kind, begins, trickles },
    ...targetOf(hookwarden),
    ...{ addresses: ADDRESSES, count: SLOW / share, pace: PACE / share },
  }
  const begun = performance.now()
  const full = senders.map(sender => told(sender))
  for (const sender of senders) sender.send(slow)
  await Promise.all(full)
  const metrics = await hookwarden.metrics()
  const open = metrics.get('hookwarden_connections') ?? 0
  t.ok(open >= SLOW * 0.9, `${kind}: ${open} are open`) // one or the other was cut just now
  const filled = performance.now()
  const ending = kind === 'answer' ? whenCut(hookwarden) : undefined
  const measured = await measure()
  const cut = await ending
  const ends = senders.map(sender => told<Slowly>(sender))
  for (const sender of senders) sender.send('stop')
  const slowly = await Promise.all(ends)
  for (const sender of senders) sender.kill('SIGKILL')
  const all = slowly.reduce(joined)
  // who does not read does not hear either that it was cut off
  const [first, last] = cut ?? []
  if (first === undefined || last === undefined) return [all, measured]
  return [{ ...all, lives: [first - begun, last - filled] }, measured]
}

/** When the first and when the last of all slow senders was cut off, as far as Hookwarden says. */
async function whenCut(hookwarden: Process): Promise<number[]> {
  const times: number[] = []
  for (const below of [SLOW, SLOW / 10]) {
    while (((await hookwarden.metrics()).get('hookwarden_connections') ?? 0) >= below)
      await sleep(200)
    times.push(performance.now())
  }
  return times
}

function joined(one: Slowly, other: Slowly): Slowly {
  const statuses: Record<number, number> = { ...one.statuses }
  for (const [status, count] of Object.entries(other.statuses))
    statuses[Number(status)] = (statuses[Number(status)] ?? 0) + count
  const failed = one.failed + other.failed
  return { lives: [...one.lives, ...other.lives], statuses, failed }
}

/** Sends good traffic for some seconds. Each has its p99; the one in the middle counts, whatever else the machine did in another. */
async function steadily(
  steady: ChildProcess,
  hookwarden: Process,
  seconds: number,
): Promise<Pick<Steadily, 'statuses' | 'p99'>> {
  const asked: Steady = {
    ...targetOf(hookwarden),
    ...{ every: EVERY, count: SECOND, connections: 8, address: '127.0.0.1' },
  }
  const statuses: Record<number, number> = {}
  const times: number[] = []
  while (times.length < seconds) {
    steady.send(asked)
    const second = await told<Steadily>(steady)
    for (const [status, count] of Object.entries(second.statuses))
      statuses[Number(status)] = (statuses[Number(status)] ?? 0) + count
    times.push(second.p99)
  }
  return { statuses, p99: percentile(times, 0.5) }
}

function targetOf({ port }: Process): Target {
  return { port, path: GITHUB, secret: SECRETS.github ?? '' }
}

/** Starts a program that is told what to do, and tells what came of it. */
function begin(t: Test, file: string): ChildProcess {
  const child = fork(join(import.meta.dirname, file))
  t.teardown(() => child.kill('SIGKILL'))
  return child
}

/** What it tells next. */
async function told<T>(child: ChildProcess): Promise<T> {
  const [message] = (await once(child, 'message')) as [T]
  return message
}

// Node cannot make the window of a connection small, and the system would take megabytes of an answer that nobody
// reads: perl opens connections that take a few kilobytes, and becomes a sender that has them.
const NARROW = `
use Socket;
$^F = 1_000_000;
my ($port, $count, $address, @sender) = @ARGV;
my @kept;
for (1 .. $count) {
  socket(my $one, PF_INET, SOCK_STREAM, 0) or die "socket: $!";
  setsockopt($one, SOL_SOCKET, SO_RCVBUF, pack('i', 4096)) or die "window: $!";
  setsockopt($one, 6, 2, pack('i', 536)) or die "segment: $!";
  bind($one, pack_sockaddr_in(0, inet_aton($address))) or die "bind: $!";
  connect($one, pack_sockaddr_in($port, INADDR_LOOPBACK)) or die "connect: $!";
  push @kept, $one;
}
exec @sender, map { fileno $_ } @kept;
`
/** Each has as many connections as one address may. */
const NARROW_SENDERS = 5

function narrow(t: Test, { port }: Process): ChildProcess[] {
  return Array.from({ length: NARROW_SENDERS }, (_, i) => {
    const words = [`${port}`, `${SLOW / NARROW_SENDERS}`, `127.0.1.${1 + i}`]
    const sender = [process.execPath, join(import.meta.dirname, SENDER)]
    const child = spawn('perl', ['-e', NARROW, ...words, ...sender], {
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    })
    t.teardown(() => child.kill('SIGKILL'))
    return child
  })
}
