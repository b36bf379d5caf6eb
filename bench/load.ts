/**
 * The load generator, in a process of its own: signs everything first, then sends it over raw TLS connections,
 * each waiting for its answer before its next request.
 */
import { createHmac, randomUUID } from 'node:crypto'
import { connect, type TLSSocket } from 'node:tls'

/** What one round sends. */
export interface Load {
  readonly port: number
  readonly path: string
  readonly secret: string
  readonly kind: 'genuine' | 'forged' | 'unsigned'
  readonly bytes: number
  readonly count: number
  readonly connections: number
  /** A new connection, with a full handshake, for each request. */
  readonly fresh: boolean
}

/** What came of one round. */
export interface Sent {
  /** How often each status was answered; 0 stands for a connection closed without an answer. */
  readonly statuses: Readonly<Record<number, number>>
  readonly p50: number
  readonly p99: number
  readonly wall: number
  readonly resumed: number
}

/** One request: what differs from its neighbours, and the rest of its body, which they share. */
interface Prepared {
  readonly start: Buffer
  readonly rest: Buffer | undefined
}

const SPLIT_ABOVE = 4096
/** The only one offered: proxies are compared, not the ciphers they would choose. */
const CIPHER = 'TLS_AES_128_GCM_SHA256'

let load: Load | undefined
let prepared: Prepared[] = []

process.on('message', (message: Load | 'run') => {
  if (message !== 'run') {
    load = message
    prepared = prepare(message)
    globalThis.gc?.()
    process.send?.('prepared')
  } else if (load !== undefined) {
    void run(load).then(sent => process.send?.(sent))
  }
})

function prepare({ kind, bytes, count, path, secret, fresh }: Load): Prepared[] {
  const filler = Buffer.alloc(bytes, 'abcdefghijklmnopqrstuvwxyz ')
  const made: Prepared[] = []
  for (let i = 0; i < count; i++) {
    const opening = Buffer.from(`{"id":"${randomUUID()}","ref":"refs/heads/main","text":"`)
    const rest = Buffer.concat([filler.subarray(opening.length + 2), Buffer.from('"}')])
    const mac = createHmac('sha256', secret).update(opening).update(rest)
    if (kind === 'forged') mac.update('!')
    const signature = kind === 'unsigned' ? undefined : mac.digest('hex')
    const head = Buffer.from(headOf({ path, bytes, signature, fresh }))
    made.push(
      bytes > SPLIT_ABOVE
        ? { start: Buffer.concat([head, opening]), rest: filler.length > 0 ? rest : undefined }
        : { start: Buffer.concat([head, opening, rest]), rest: undefined },
    )
  }
  return made
}

/** The headers that GitHub sends. */
function headOf(of: {
  readonly path: string
  readonly bytes: number
  readonly signature: string | undefined
  readonly fresh: boolean
}): string {
  return [
    `POST ${of.path} HTTP/1.1`,
    'Host: hooks.example.com',
    'User-Agent: GitHub-Hookshot/044aadd',
    `Content-Length: ${of.bytes}`,
    'Accept: */*',
    'Content-Type: application/json',
    `X-GitHub-Delivery: ${randomUUID()}`,
    'X-GitHub-Event: push',
    'X-GitHub-Hook-ID: 292430182',
    'X-GitHub-Hook-Installation-Target-ID: 79929171',
    'X-GitHub-Hook-Installation-Target-Type: repository',
    ...(of.signature === undefined ? [] : [`X-Hub-Signature-256: sha256=${of.signature}`]),
    ...(of.fresh ? ['Connection: close'] : []),
    '\r\n',
  ].join('\r\n')
}

/** What the connections of one round share. */
class Round {
  readonly #load: Load
  readonly #statuses: Record<number, number> = {}
  readonly #times: number[] = []
  #next = 0
  #left: number
  #resumed = 0
  #begun = performance.now()
  readonly #done: (sent: Sent) => void

  constructor(round: Load, done: (sent: Sent) => void) {
    this.#load = round
    this.#left = round.count
    this.#done = done
  }

  start(): void {
    this.#begun = performance.now()
    for (let i = 0; i < this.#load.connections; i++) this.open()
  }

  open(): void {
    if (this.#next >= this.#load.count) return
    const begun = performance.now()
    const socket = connect({
      host: '127.0.0.1',
      port: this.#load.port,
      servername: 'localhost',
      ALPNProtocols: ['http/1.1'],
      minVersion: 'TLSv1.3',
      ciphers: CIPHER,
      rejectUnauthorized: false,
    })
    socket.setNoDelay(true)
    new Sending(this, socket, this.#load.fresh, begun)
  }

  take(): Prepared | undefined {
    const request = prepared[this.#next]
    if (request !== undefined) this.#next += 1
    return request
  }

  answered(status: number, took: number, resumed: boolean): void {
    this.#statuses[status] = (this.#statuses[status] ?? 0) + 1
    this.#times.push(took)
    if (resumed) this.#resumed += 1
    this.#left -= 1
    if (this.#left > 0) return
    const times = this.#times.sort((a, b) => a - b)
    const at = (share: number): number => times[Math.floor((times.length - 1) * share)] ?? 0
    this.#done({
      statuses: this.#statuses,
      p50: at(0.5),
      p99: at(0.99),
      wall: performance.now() - this.#begun,
      resumed: this.#resumed,
    })
  }
}

/** One connection: at most one request in flight. */
class Sending {
  readonly #round: Round
  readonly #socket: TLSSocket
  readonly #fresh: boolean
  #begun: number
  #got = ''
  #busy = false

  constructor(round: Round, socket: TLSSocket, fresh: boolean, begun: number) {
    this.#round = round
    this.#socket = socket
    this.#fresh = fresh
    this.#begun = begun
    socket.setEncoding('latin1')
    socket.once('secureConnect', () => this.#send())
    socket.on('data', (text: string) => this.#read(text))
    socket.on('error', () => socket.destroy())
    socket.on('close', () => {
      if (this.#busy) this.#answered(0)
      if (!fresh) round.open()
    })
  }

  #send(): void {
    const request = this.#round.take()
    if (request === undefined) return void this.#socket.end()
    this.#busy = true
    if (!this.#fresh) this.#begun = performance.now()
    if (request.rest === undefined) {
      this.#socket.write(request.start)
    } else {
      this.#socket.cork()
      this.#socket.write(request.start)
      this.#socket.write(request.rest)
      this.#socket.uncork()
    }
  }

  #read(text: string): void {
    this.#got = this.#got === '' ? text : this.#got + text
    const end = this.#got.indexOf('\r\n\r\n')
    if (end === -1) return
    const status = Number(this.#got.slice(9, 12))
    if (!isWhole(this.#got, end + 4, status)) return
    this.#got = ''
    this.#answered(status)
    if (this.#fresh) {
      this.#socket.end()
      this.#round.open()
    } else {
      this.#send()
    }
  }

  #answered(status: number): void {
    this.#busy = false
    const resumed = this.#fresh && this.#socket.isSessionReused()
    this.#round.answered(status, performance.now() - this.#begun, resumed)
  }
}

/** Whether the answer in `got` is complete; `body` is where its body begins. */
function isWhole(got: string, body: number, status: number): boolean {
  if (status === 204) return true
  const length = /\r\ncontent-length: (?<length>\d+)\r\n/i.exec(got)?.groups?.length
  if (length !== undefined) return got.length >= body + Number(length)
  return got.endsWith('\r\n0\r\n\r\n')
}

function run(round: Load): Promise<Sent> {
  return new Promise(resolve => new Round(round, resolve).start())
}
