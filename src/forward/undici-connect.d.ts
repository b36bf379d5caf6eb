/** How undici connects, for whoever wraps it. */
declare module 'undici/lib/core/connect.js' {
  import type { buildConnector } from 'undici'

  const build: (options: {
    readonly timeout: number
    readonly allowH2: boolean
  }) => buildConnector.connector
  export default build
}
