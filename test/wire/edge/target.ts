import { FLOW, GITHUB, GITLAB } from '../stage.ts'
import { CERTAIN, MALFORMED, refused, rows, type Table, taken } from './case.ts'
import { BODY, delivery, ROOMY } from './deliveries.ts'

const to = (target: string) => delivery({ target })
const by = (method: string) => delivery({ method })
const line = (text: string) => `${text}\r\n${delivery().slice(delivery().indexOf('\r\n') + 2)}`

const TAKEN = taken(BODY)
const NOWHERE = refused(404, 'no_route')
const METHOD = refused(405, 'method')
/** The query reaches the upstream as it came. */
const QUERY = (query: string) => ({ query, ...TAKEN })

const FORMS = rows([
  ['the path of a flow', to(GITHUB), TAKEN],
  ['the scheme and the host before it', to(`https://localhost${GITHUB}`), CERTAIN],
  ['another scheme', to(`http://localhost${GITHUB}`), CERTAIN],
  ['another host before it', to(`https://evil.example${GITHUB}`), CERTAIN],
  ['a user before the host', to(`https://a@localhost${GITHUB}`), CERTAIN],
  ['a scheme without slashes', to(`https:${GITHUB}`), MALFORMED],
  ['a host and a port', to('localhost:443'), MALFORMED],
  ['a host alone', to('localhost'), MALFORMED],
  ['an asterisk', to('*'), CERTAIN],
  ['an asterisk for OPTIONS', delivery({ method: 'OPTIONS', target: '*' }), CERTAIN],
  ['no leading slash', to(GITHUB.slice(1)), MALFORMED],
  ['a query alone', to('?a=1'), MALFORMED],
  ['nothing', line('POST  HTTP/1.1'), MALFORMED],
  ['no space before it', line(`POST${GITHUB} HTTP/1.1`), MALFORMED],
  // the parser shows no space: the request line is written anew with one
  ['two spaces before it', line(`POST  ${GITHUB} HTTP/1.1`), TAKEN],
  ['two spaces behind it', line(`POST ${GITHUB}  HTTP/1.1`), TAKEN],
  ['a tab before it', line(`POST\t${GITHUB} HTTP/1.1`), MALFORMED],
  ['a tab behind it', line(`POST ${GITHUB}\tHTTP/1.1`), MALFORMED],
  ['a space in it', to(`${GITHUB} x`), MALFORMED],
  ['a space before the method', line(` POST ${GITHUB} HTTP/1.1`), MALFORMED],
  ['an empty line before the method', `\r\n${delivery()}`, TAKEN],
  ['a bare LF at its end', delivery().replace('\r\n', '\n'), MALFORMED],
  ['a bare CR at its end', delivery().replace('\r\n', '\r'), MALFORMED],
  ['15 kB', to(`/${'a'.repeat(15_000)}`), NOWHERE],
  [
    '20 kB of query',
    to(`${GITHUB}?${'a'.repeat(20_000)}`),
    refused(431, 'header_too_large', 'close'),
  ],
])

const BYTES = rows([
  ...['\0', '\x01', '\x08', '\x0b', '\x0c', '\x1b', '\x1f', '\x7f'].map(
    byte => [`${JSON.stringify(byte)} in a path`, to(`${GITHUB}${byte}`), MALFORMED] as const,
  ),
  ...['\0', '\x01', '\x0b', '\x7f'].map(
    byte => [`${JSON.stringify(byte)} in a query`, to(`${GITHUB}?a${byte}b`), MALFORMED] as const,
  ),
  ['a high byte in a path', to(`${GITHUB}\xe9`), MALFORMED],
  ['UTF-8 in a query', to(`${GITHUB}?\xc3\xa9`), MALFORMED],
  ['a fragment', to(`${GITHUB}#a`), CERTAIN],
  ['a fragment behind a query', to(`${GITHUB}?a#b`), CERTAIN],
  ['a fragment alone', to('/#'), CERTAIN],
])

const SPELLINGS = rows([
  ['another letter case', to(GITHUB.toUpperCase()), NOWHERE],
  ['the id in capitals', to(GITHUB.replace(FLOW, FLOW.toUpperCase())), NOWHERE],
  ['the id without dashes', to(GITHUB.replace(FLOW, FLOW.replaceAll('-', ''))), NOWHERE],
  ['the id in braces', to(GITHUB.replace(FLOW, `{${FLOW}}`)), NOWHERE],
  ['a letter in percent', to(GITHUB.replace('webhooks', '%77ebhooks')), NOWHERE],
  ['a digit in percent', to(GITHUB.replace(FLOW, `%30${FLOW.slice(1)}`)), NOWHERE],
  ['a slash in percent', to(GITHUB.replace('/flows', '%2fflows')), NOWHERE],
  ['a slash in percent twice', to(GITHUB.replace('/flows', '%252fflows')), NOWHERE],
  ['an overlong slash', to(GITHUB.replace('/flows', '%c0%afflows')), NOWHERE],
  ['NUL in percent', to(`${GITHUB}%00`), NOWHERE],
  ['a line end in percent', to(`${GITHUB}%0d%0aX-A:%20b`), NOWHERE],
  ['a percent sign alone', to(`${GITHUB}%`), NOWHERE],
  ['a doubled slash', to(GITHUB.replace('/flows', '//flows')), NOWHERE],
  ['two slashes first', to(`/${GITHUB}`), NOWHERE],
  ['a slash at its end', to(`${GITHUB}/`), NOWHERE],
  ['a dot', to(GITHUB.replace('/flows', '/./flows')), NOWHERE],
  ['a step up', to(GITHUB.replace('/flows', '/x/../flows')), NOWHERE],
  ['a step up beyond the root', to(`/..${GITHUB}`), NOWHERE],
  ['a step up in percent', to(GITHUB.replace('/flows', '/x/%2e%2e/flows')), NOWHERE],
  ['a backslash', to(GITHUB.replace('/flows', '\\flows')), NOWHERE],
  ['a semicolon', to(`${GITHUB};a=b`), NOWHERE],
  ['a parameter within', to(GITHUB.replace('/flows', ';a/flows')), NOWHERE],
  ['sync behind it', to(`${GITHUB}/sync`), NOWHERE],
  ['the legacy path', to(`/webhooks/${FLOW}`), NOWHERE],
  ['the path of a connection', to(`/webhooks/connections/${FLOW}`), NOWHERE],
  ['the API of Automatisch', to('/graphql'), NOWHERE],
  ['its health', to('/healthcheck'), NOWHERE],
  ['our own metrics', delivery({ method: 'GET', target: '/metrics' }), NOWHERE],
  ['a name of every object', to('/__proto__'), NOWHERE],
  ['the root', to('/'), NOWHERE],
  ['the path of another sender', to(GITLAB), refused(401, 'signature_missing')],
])

const QUERIES = [
  QUERY('?'),
  QUERY('??'),
  QUERY('?a=1&b=2&a=3'),
  QUERY(`?${GITHUB}`),
  QUERY('?a=%0d%0aX-A:%20b'),
  QUERY('?a=%00&b=%zz'),
  QUERY('?__proto__[a]=1'),
  QUERY('?a=\'"<>`{}|\\^~'),
].map(({ query, ...expected }) => ({
  what: `the query ${query}`,
  send: to(`${GITHUB}${query}`),
  ...expected,
  look: (_: unknown, { recorder }: { recorder: { requests: readonly { target: string }[] } }) => {
    const target = recorder.requests.at(-1)?.target
    if (target !== `/webhooks/flows/${FLOW}${query}`) throw new Error(`upstream saw ${target}`)
  },
}))

const METHODS = rows([
  ...[
    'GET',
    'PUT',
    'PATCH',
    'DELETE',
    'OPTIONS',
    'TRACE',
    'PROPFIND',
    'SEARCH',
    'QUERY',
    'PURGE',
    'LINK',
  ].map(method => [method, by(method), METHOD] as const),
  ['HEAD', `HEAD ${GITHUB} HTTP/1.1\r\nHost: localhost\r\n\r\n`, METHOD],
  ['CONNECT', by('CONNECT'), MALFORMED],
  ['CONNECT to a host', delivery({ method: 'CONNECT', target: 'localhost:443' }), MALFORMED],
  ['a method in lower case', by('post'), MALFORMED],
  ['a method with a letter too many', by('POSTS'), MALFORMED],
  ['a method with a letter too few', by('POS'), MALFORMED],
  ['an empty method', by(''), MALFORMED],
  ['SOURCE of another protocol', by('SOURCE'), METHOD],
  ['DESCRIBE of another protocol', by('DESCRIBE'), MALFORMED],
  ['a method beyond ASCII', by('P\xd6ST'), MALFORMED],
  [
    'a method in a header',
    delivery({
      method: 'GET',
      lines: `X-HTTP-Method-Override: POST\r\n${delivery().split('\r\n').slice(2, 4).join('\r\n')}\r\n`,
    }),
    METHOD,
  ],
])

export const TARGET: readonly Table[] = [
  { name: 'forms', cases: FORMS },
  { name: 'bytes', cases: BYTES },
  { name: 'spellings', cases: SPELLINGS },
  { name: 'queries', cases: QUERIES },
  { name: 'methods', cases: METHODS },
].map(table => ({ ...table, options: { map: ROOMY } }))
