import { connect as connectRaw } from 'node:net'
import { type ConnectionOptions, connect as connectTls, type TLSSocket } from 'node:tls'
import type { Test } from 'tap'
import { exchange } from '../../support/sender.ts'
import { type Stage, stage } from '../stage.ts'
import { BODY, delivery, ROOMY } from './deliveries.ts'

/** What comes of one handshake: nothing is answered, or a delivery is. */
interface Handshake {
  readonly what: string
  /** Gives the status of a delivery over it, or undefined where there is no way through. */
  readonly act: (port: number, on: Stage) => Promise<number | undefined>
  readonly served: boolean
}

/** Writes raw bytes instead of a handshake. Whatever comes back is no HTTP. */
function bytes(what: string, sent: string, ends = true): Handshake {
  return {
    what,
    served: false,
    act: port =>
      new Promise((resolve, reject) => {
        const socket = connectRaw({ host: '127.0.0.1', port })
        let got = ''
        socket.on('error', () => {})
        socket.on('data', (chunk: Buffer) => {
          got += chunk.toString('latin1')
        })
        socket.on('close', () => (/HTTP/.test(got) ? reject(new Error(got)) : resolve(undefined)))
        if (ends) socket.end(sent, 'latin1')
        else socket.write(sent, 'latin1')
      }),
  }
}

/** A delivery over a handshake of the given manner. */
function over(
  what: string,
  options: ConnectionOptions,
  served: boolean,
  then = deliver,
): Handshake {
  return {
    what,
    served,
    act: port =>
      new Promise(resolve => {
        const socket = connectTls({
          host: '127.0.0.1',
          port,
          servername: 'localhost',
          ALPNProtocols: ['http/1.1'],
          rejectUnauthorized: false,
          ...options,
        })
        socket.on('error', () => {})
        socket.on('close', () => resolve(undefined))
        socket.once('secureConnect', () => then(socket, resolve))
      }),
  }
}

function deliver(socket: TLSSocket, done: (status: number | undefined) => void): void {
  let got = ''
  socket.on('data', (chunk: Buffer) => {
    got += chunk.toString('latin1')
    const status = /^HTTP\/1\.1 (\d{3}) /.exec(got)?.[1]
    if (status === undefined || !got.includes('\r\n\r\n')) return
    done(Number(status))
    socket.destroy()
  })
  socket.write(delivery(), 'latin1')
}

function inPieces(socket: TLSSocket, done: (status: number | undefined) => void): void {
  const write = socket.write.bind(socket)
  const whole = delivery()
  deliver(
    Object.assign(socket, {
      write: () => {
        for (const one of whole) write(one, 'latin1')
        return true
      },
    }) as TLSSocket,
    done,
  )
}

const SHOWN = '\x16\x03\x01\x00\x31\x01\x00\x00\x2d\x03\x03' // the beginning of a ClientHello
const OLD = { ciphers: 'DEFAULT@SECLEVEL=0' } as const
const only = (ciphers: string): ConnectionOptions => ({ ciphers, maxVersion: 'TLSv1.2' })

const HANDSHAKES: readonly Handshake[] = [
  bytes('a request in plain', delivery()),
  bytes('a request in plain for something else', 'GET / HTTP/1.1\r\nHost: localhost\r\n\r\n'),
  bytes('the preface of HTTP/2 in plain', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'),
  bytes('nothing, and its end', ''),
  bytes('a byte, and its end', '\x16'),
  bytes('noise', '\x93\x00\xff\x17'.repeat(64)),
  bytes('zeros', '\0'.repeat(512)),
  bytes('a hello of SSL 2', '\x80\x2e\x01\x00\x02\x00\x15\x00\x00\x00\x10\x01\x00\x80'),
  bytes('a hello that is cut', SHOWN),
  bytes('a record that is too long', '\x16\x03\x01\xff\xff\x01'),
  bytes('a record of nothing', '\x16\x03\x01\x00\x00'),
  bytes('records of nothing, many of them', '\x16\x03\x01\x00\x00'.repeat(100)),
  bytes('data before a handshake', `\x17\x03\x03\x00\x10${'a'.repeat(16)}`),
  bytes('a heartbeat', '\x18\x03\x02\x00\x03\x01\x40\x00'),
  bytes('an alert', '\x15\x03\x01\x00\x02\x02\x28'),
  bytes('the PROXY protocol where it is not spoken', 'PROXY TCP4 203.0.113.7 127.0.0.1 1 443\r\n'),
  bytes(
    'the PROXY protocol 2 where it is not spoken',
    '\r\n\r\n\0\r\nQUIT\n\x21\x11\x00\x0c\x7f\0\0\x01\x7f\0\0\x01\0\x01\x01\xbb',
  ),
  bytes('SSH', 'SSH-2.0-OpenSSH_9.9\r\n'),
  bytes('SMTP', 'EHLO localhost\r\n'),
  bytes('a request in plain that stays', delivery(), false),
  over('TLS 1.0', { ...OLD, minVersion: 'TLSv1', maxVersion: 'TLSv1' }, false),
  over('TLS 1.1', { ...OLD, minVersion: 'TLSv1.1', maxVersion: 'TLSv1.1' }, false),
  over('TLS 1.2', { maxVersion: 'TLSv1.2' }, true),
  over('TLS 1.3', { minVersion: 'TLSv1.3' }, true),
  over('a cipher in CBC', only('ECDHE-ECDSA-AES128-SHA256'), false),
  over('a cipher in CBC with SHA-1', only('ECDHE-ECDSA-AES128-SHA'), false),
  over('a key exchange by RSA', only('AES128-GCM-SHA256'), false),
  over('a key exchange by finite fields', only('DHE-RSA-AES128-GCM-SHA256'), false),
  over('CCM', only('ECDHE-ECDSA-AES128-CCM'), false),
  over('a preshared key', only('PSK-AES128-GCM-SHA256'), false),
  over('no authentication', only('AECDH-AES128-SHA:@SECLEVEL=0'), false),
  over('AES-128 in GCM', only('ECDHE-ECDSA-AES128-GCM-SHA256'), true),
  over('AES-256 in GCM', only('ECDHE-ECDSA-AES256-GCM-SHA384'), true),
  over('ChaCha20', only('ECDHE-ECDSA-CHACHA20-POLY1305'), true),
  over('X25519', { ecdhCurve: 'X25519' }, true),
  over('P-256', { ecdhCurve: 'P-256' }, true),
  over('no ALPN', { ALPNProtocols: [] }, true),
  over('HTTP/1.1 among others', { ALPNProtocols: ['h2', 'http/1.1'] }, true),
  over('HTTP/2 alone', { ALPNProtocols: ['h2'] }, false),
  over('a protocol nobody knows', { ALPNProtocols: ['x'] }, false),
  over('a name in capitals', { servername: 'LOCALHOST' }, true),
  over('a name that is not ours', { servername: 'evil.example' }, true),
  over('no name', { servername: '' }, true),
  over('a record for each byte', {}, true, inPieces),
]

/** How each handshake ends, and that the listener still serves. What had no way through reaches nobody. */
export async function runHandshakes(t: Test): Promise<void> {
  const on = await stage(t, { map: ROOMY })
  for (const { what, act, served } of HANDSHAKES) {
    const before = on.recorder.requests.length
    const status = await Promise.race([act(on.port, on), tired()])
    t.equal(status, served ? 204 : undefined, what)
    const came = on.recorder.requests.slice(before).map(one => one.body.toString('latin1'))
    t.same(came, served ? [BODY] : [], `${what}: upstream`)
  }
  t.equal((await exchange(on.port, delivery()))?.status, 204, 'it still serves')
  t.same(on.recorder.faults, [])
}

function tired(): Promise<'tired'> {
  return new Promise(resolve => setTimeout(resolve, 7000, 'tired').unref())
}

export const HANDSHAKE_COUNT = HANDSHAKES.length
