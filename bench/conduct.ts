import { createHmac } from 'node:crypto'
import { connect, type TLSSocket } from 'node:tls'
import { PATH } from './site.ts'

/** What a contender was seen to do, apart from what it costs. */
export interface Conduct {
  readonly delivers: boolean
  readonly refusesForgery: boolean
  /** Whether it refuses an unsigned delivery before any byte of its body was sent. */
  readonly beforeBody: boolean
  readonly resumes: boolean
}

const BODY = '{"conduct":"seen"}'
/** How long an answer may take before it counts as none. */
const PATIENCE = 2_000

/** Looks at how a contender behaves: a genuine delivery, a forgery, a head without its body, a second connection. */
export async function conductOf(port: number, secret: string): Promise<Conduct> {
  const signature = createHmac('sha256', secret).update(BODY).digest('hex')
  const forged = createHmac('sha256', secret).update(`${BODY}!`).digest('hex')
  return {
    delivers: (await statusOf(port, head(BODY.length, signature) + BODY)) === 204,
    refusesForgery: (await statusOf(port, head(BODY.length, forged) + BODY)) === 401,
    beforeBody: (await statusOf(port, head(65_536, undefined))) === 401,
    resumes: await resumes(port),
  }
}

function head(length: number, signature: string | undefined): string {
  const claim = signature === undefined ? '' : `X-Hub-Signature-256: sha256=${signature}\r\n`
  return (
    `POST ${PATH} HTTP/1.1\r\nHost: hooks.example.com\r\nContent-Type: application/json\r\n` +
    `Content-Length: ${length}\r\n${claim}\r\n`
  )
}

function open(port: number, session?: Buffer): TLSSocket {
  return connect({
    host: '127.0.0.1',
    port,
    servername: 'localhost',
    ALPNProtocols: ['http/1.1'],
    rejectUnauthorized: false,
    ...(session === undefined ? {} : { session }),
  })
}

/** Status of the first answer; 0 when there is none in time. */
function statusOf(port: number, bytes: string): Promise<number> {
  return new Promise(resolve => {
    const socket = open(port)
    const end = (status: number): void => {
      clearTimeout(timer)
      socket.destroy()
      resolve(status)
    }
    const timer = setTimeout(end, PATIENCE, 0)
    socket.once('secureConnect', () => socket.write(bytes))
    socket.once('data', data => end(Number(data.toString('latin1', 9, 12))))
    socket.once('error', () => end(0))
    socket.once('close', () => end(0))
  })
}

async function resumes(port: number): Promise<boolean> {
  const session = await new Promise<Buffer | undefined>(resolve => {
    const socket = open(port)
    const end = (ticket: Buffer | undefined): void => {
      clearTimeout(timer)
      socket.destroy()
      resolve(ticket)
    }
    const timer = setTimeout(end, PATIENCE, undefined)
    socket.once('session', end)
    socket.once('error', () => end(undefined))
  })
  if (session === undefined) return false
  return new Promise(resolve => {
    const socket = open(port, session)
    socket.once('secureConnect', () => {
      resolve(socket.isSessionReused())
      socket.destroy()
    })
    socket.once('error', () => resolve(false))
  })
}
