/** The little of http-proxy 1.18.1 that the baselines use. */
declare module 'http-proxy-1' {
  import type { Agent, IncomingMessage, ServerResponse } from 'node:http'
  import type { Readable } from 'node:stream'

  interface Options {
    readonly target?: string
    readonly agent?: Agent
    readonly buffer?: Readable
  }
  interface ProxyServer {
    web(request: IncomingMessage, response: ServerResponse, options: Options): void
    on(
      event: 'error',
      listener: (error: Error, request: IncomingMessage, response: ServerResponse) => void,
    ): this
  }
  const httpProxy: { createProxyServer(options: Options): ProxyServer }
  export default httpProxy
}
