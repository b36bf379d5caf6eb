import type { IncomingMessage, ServerResponse } from 'node:http'

/** What hears of a request's body and of the end of its response. */
interface Listening {
  data(chunk: Buffer): void
  end(): void
  closed(): void
}

/** Where both messages keep who listens: the same functions serve all of them, and none is made for a request. */
const kListening: unique symbol = Symbol('listening')
type Incoming = IncomingMessage & { [kListening]?: Listening }
type Outgoing = ServerResponse & { [kListening]?: Listening }

/** Has the end of a response heard; the body only from `listen` on. */
export function attend(req: Incoming, res: Outgoing, listening: Listening): void {
  req[kListening] = listening
  res[kListening] = listening
  res.on('close', onClose)
}

/** Has the body of a request heard. A second time does nothing. */
export function listen(req: Incoming): void {
  if (req.listenerCount('data') > 0) return
  req.on('data', onData)
  req.on('end', onEnd)
}

function onData(this: Incoming, chunk: Buffer): void {
  this[kListening]?.data(chunk)
}

function onEnd(this: Incoming): void {
  this[kListening]?.end()
}

function onClose(this: Outgoing): void {
  this[kListening]?.closed()
}
