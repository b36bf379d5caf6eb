import { createServer } from 'node:net'

/** Below the ports that systems give to outgoing connections, which come and go all the time. */
const FROM = 10_000
const TO = 32_000

/** A port of loopback that nobody listens on right now. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = FROM + Math.floor(Math.random() * (TO - FROM))
    if (await isFree(port)) return port
  }
}

function isFree(port: number): Promise<boolean> {
  return new Promise(resolve => {
    const server = createServer().once('error', () => resolve(false))
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)))
  })
}
