import { isDeepStrictEqual } from 'node:util'
import type { Issue, Path } from '../config/issues.ts'
import type { Sound } from '../config/load.ts'
import type { Settings } from '../config/settings.ts'

/**
 * What is taken from the map when the process starts, and not again: sockets that listen, the one pool of connections to
 * Automatisch, the store of limits and replay memory. `docs/reload.md` has the same list; a test compares them.
 */
export const AT_START: readonly { readonly path: Path; of(settings: Settings): unknown }[] = [
  { path: ['upstream'], of: ({ upstream }) => upstream.url },
  { path: ['upstream', 'connect'], of: ({ upstream }) => upstream.connect },
  { path: ['listen', 'https'], of: ({ listen }) => listen.https },
  { path: ['listen', 'http'], of: ({ listen }) => listen.http },
  { path: ['listen', 'admin'], of: ({ listen }) => listen.admin },
  { path: ['listen', 'admin_auth'], of: ({ listen }) => listen.adminAuth },
  { path: ['listen', 'proxy_protocol'], of: ({ listen }) => listen.proxyProtocol },
  { path: ['console'], of: ({ console: lane }) => lane },
  { path: ['limits', 'headers'], of: ({ limits }) => limits.headers },
  { path: ['state'], of: ({ state }) => state },
  { path: ['store'], of: ({ store }) => store },
  { path: ['on_store_error'], of: ({ onStoreError }) => onStoreError },
]

/** Says of each such key that has another value now that it takes a restart. */
export function restartIssues(before: Settings, next: Sound): readonly Issue[] {
  return AT_START.filter(({ of }) => !isDeepStrictEqual(of(before), of(next.settings))).map(
    ({ path }) =>
      next.issueAt(
        path,
        `\`${path.join('.')}\` is taken at the start alone`,
        'restart with the new value, or take the change back',
      ),
  )
}
