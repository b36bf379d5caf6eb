import { type AddressInfo, connect, createServer, type Socket } from 'node:net'

/** What a relay does to a connection, in place of passing on what the server said. */
export interface Prank {
  readonly name: string
  /** @param sender the end that faces whoever connected */
  play(sender: Socket): void
}

/** A TCP relay that passes so many pieces of what the server says, and then plays a prank. */
export interface Relay {
  readonly port: number
  /** How often it played. */
  played: number
  /** From now on: after how many pieces, and what; undefined: it passes everything. */
  prank: { readonly after: number; readonly what: Prank } | undefined
  /** Ends every connection. */
  cut(): void
  close(): Promise<void>
}

const ALERT = 0x15
const HANDSHAKE = 0x16
const DATA = 0x17
/** A TLS record, in plain. */
const record = (kind: number, body: readonly number[] | Buffer, length = body.length) =>
  Buffer.concat([Buffer.from([kind, 3, 3, length >> 8, length & 255]), Buffer.from(body)])

/** Alerts 50 and 40 of RFC 8446, section 6.2. */
const DECODE_ERROR = record(ALERT, [2, 50])
const HANDSHAKE_FAILURE = record(ALERT, [2, 40])
const NOISE = Buffer.from(Array.from({ length: 600 }, (_, i) => (i * 167 + 13) & 255))
const FORGED = record(DATA, NOISE.subarray(0, 64))

const say =
  (bytes: Buffer | string, then: 'end' | 'reset' | 'nothing') =>
  (sender: Socket): void => {
    sender.write(bytes, () => {
      if (then === 'end') sender.end()
      if (then === 'reset') sender.resetAndDestroy()
    })
  }

/** What whoever stands between, or a broken server, may do to a connection. */
export const PRANKS: readonly Prank[] = [
  { name: 'closes', play: sender => void sender.end() },
  { name: 'resets', play: sender => void sender.resetAndDestroy() },
  { name: 'is gone without a word', play: sender => void sender.destroy() },
  ...(['end', 'reset'] as const).flatMap(then => [
    { name: `says noise, then ${then}`, play: say(NOISE, then) },
    { name: `says an alert, then ${then}`, play: say(DECODE_ERROR, then) },
    { name: `says another alert, then ${then}`, play: say(HANDSHAKE_FAILURE, then) },
    { name: `says a forged record, then ${then}`, play: say(FORGED, then) },
    {
      name: `says a forged record and an alert, then ${then}`,
      play: say(Buffer.concat([FORGED, DECODE_ERROR]), then),
    },
    { name: `says half a record, then ${then}`, play: say(record(DATA, [1, 2, 3], 500), then) },
    {
      name: `says half a handshake, then ${then}`,
      play: say(record(HANDSHAKE, [2, 0, 0, 90, 3, 3]), then),
    },
    { name: `says an error of Redis, then ${then}`, play: say('-ERR no\r\n', then) },
    { name: `speaks HTTP, then ${then}`, play: say('HTTP/1.1 400 Bad Request\r\n\r\n', then) },
  ]),
]

/** Starts one on a free port of loopback, before the server at `to`. */
export async function startRelay(to: number): Promise<Relay> {
  const sockets = new Set<Socket>()
  const server = createServer(sender => {
    const upstream = connect(to, '127.0.0.1')
    let pieces = 0
    for (const [one, other] of [
      [sender, upstream],
      [upstream, sender],
    ] as const) {
      sockets.add(one)
      one.setNoDelay(true)
      one.on('error', () => {})
      one.on('close', () => {
        sockets.delete(one)
        other.destroySoon()
      })
    }
    const passes = (): boolean => {
      const { prank } = relay
      if (prank === undefined || pieces++ !== prank.after) return true
      relay.played++
      upstream.removeAllListeners('data').resume()
      prank.what.play(sender)
      return false
    }
    sender.on('data', piece => upstream.write(piece))
    upstream.on('data', piece => {
      if (passes()) sender.write(piece)
    })
    if (relay.prank?.after === 0) passes() // before anything was said
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const relay = {
    port: (server.address() as AddressInfo).port,
    played: 0,
    prank: undefined as Relay['prank'],
    cut() {
      for (const socket of sockets) socket.destroy()
    },
    async close() {
      relay.cut()
      await new Promise(resolve => server.close(resolve))
    },
  }
  return relay
}
