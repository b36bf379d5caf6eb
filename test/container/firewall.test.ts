import { execFileSync, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import t from 'tap'
import { programAt } from './podman.ts'

const FILE = 'deploy/firewall/hookwarden.nft'
/** Where something listens: on the host, and in a container behind it. */
const PORTS = [22, 80, 443, 3000, 5432, 6379, 8443, 9090]
/** Addresses for documentation: nothing of them is anywhere else. @see RFC 5737 */
const HOST = '192.0.2.1'
const OUTSIDE = '192.0.2.2'
const BRIDGE = '198.51.100.1'
const CONTAINER = '198.51.100.2'

const NAMES = ['host', 'outside', 'container'].map(name => `hookwarden-${process.pid}-${name}`)
const [host = '', outside = '', container = ''] = NAMES
const ip = (...args: string[]) => execFileSync('ip', args, { stdio: 'pipe' })
const within = (name: string, ...words: string[]) =>
  execFileSync('ip', ['netns', 'exec', name, ...words], { encoding: 'utf8', stdio: 'pipe' })

function whyNot(): string | false {
  if (process.getuid?.() !== 0) return 'network namespaces are made by root'
  for (const name of ['ip', 'nft'])
    if (programAt(name) === undefined) return `${name} is not installed`
  const { status, stderr } = spawnSync('ip', ['netns', 'add', host], { encoding: 'utf8' })
  if (status !== 0) return `no network namespace can be made: ${stderr.trim()}`
  ip('netns', 'delete', host)
  return false
}

/** Joins two namespaces by a wire, an address with its width at each end. */
function wire(
  one: readonly [string, string, string],
  two: readonly [string, string, string],
): void {
  ip(
    'link',
    'add',
    one[1],
    'netns',
    one[0],
    'type',
    'veth',
    'peer',
    'name',
    two[1],
    'netns',
    two[0],
  )
  for (const [name, link, address] of [one, two]) {
    within(name, 'ip', 'address', 'add', `${address}/24`, 'dev', link)
    within(name, 'ip', 'link', 'set', link, 'up')
    within(name, 'ip', 'link', 'set', 'lo', 'up')
  }
}

/** Listens on every port in a namespace; says when it does. */
async function listen(
  t: { teardown(end: () => Promise<void>): void },
  name: string,
): Promise<void> {
  const script = `const { createServer } = require('node:net')
let left = ${PORTS.length}
for (const port of ${JSON.stringify(PORTS)})
  createServer(socket => socket.end()).listen(port, () => --left || console.log('listening'))`
  const child = spawn('ip', ['netns', 'exec', name, process.execPath, '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  t.teardown(async () => {
    child.kill('SIGKILL')
    await once(child, 'close')
  })
  await once(createInterface({ input: child.stdout }), 'line')
}

/** The ports of an address that answer from outside. */
function answering(address: string): number[] {
  const script = `import { connect } from 'node:net'
const open = await Promise.all(${JSON.stringify(PORTS)}.map(port => new Promise(resolve => {
  const socket = connect({ host: '${address}', port, timeout: 6000 })
  const end = found => { socket.destroy(); resolve(found) }
  socket.on('connect', () => end([port])).on('error', () => end([])).on('timeout', () => end([]))
})))
console.log(JSON.stringify(open.flat()))`
  return JSON.parse(
    within(outside, process.execPath, '--input-type=module', '-e', script),
  ) as number[]
}

t.test('the firewall of a single host', { skip: whyNot() }, async t => {
  for (const name of NAMES) ip('netns', 'add', name)
  t.teardown(() => {
    for (const name of NAMES) ip('netns', 'delete', name)
  })
  wire([host, 'eth0', HOST], [outside, 'eth0', OUTSIDE])
  wire([host, 'docker0', BRIDGE], [container, 'eth0', CONTAINER])
  within(container, 'ip', 'route', 'add', 'default', 'via', BRIDGE)
  // a neighbour on the wire that tries a container's own address
  within(outside, 'ip', 'route', 'add', '198.51.100.0/24', 'via', HOST)
  within(host, 'sysctl', '-qw', 'net.ipv4.ip_forward=1')
  await listen(t, host)
  await listen(t, container)

  await t.test('without it everything answers', async t => {
    t.same(answering(HOST), PORTS)
    t.same(answering(CONTAINER), PORTS)
  })

  await t.test('with it only 443 answers from outside', async t => {
    within(host, 'nft', '--check', '--file', FILE)
    within(host, 'nft', '--file', FILE)
    t.same(answering(HOST), [443])
    within(host, 'nft', '--file', FILE)
    t.same(answering(HOST), [443], 'loaded twice it is the same')
  })

  await t.test('what is published as Docker does it answers on 443 alone', async t => {
    within(host, 'nft', 'add', 'table', 'ip', 'published')
    within(
      host,
      'nft',
      'add',
      'chain',
      'ip',
      'published',
      'pre',
      '{ type nat hook prerouting priority dstnat; }',
    )
    for (const [from, to] of [
      [443, 8443],
      [5432, 5432],
      [3000, 3000],
    ])
      within(
        host,
        ...`nft add rule ip published pre ip daddr ${HOST} tcp dport ${from} dnat to ${CONTAINER}:${to}`.split(
          ' ',
        ),
      )
    t.same(answering(HOST), [443])
    t.same(answering(CONTAINER), [443], 'its own address: no port but the one that is open anyway')
  })

  await t.test('from within the host and to the outside nothing is taken away', async t => {
    const script = `require('node:net').connect(5432, '${CONTAINER}').on('connect', () => process.exit(0)).on('error', () => process.exit(1))`
    t.doesNotThrow(() => within(host, process.execPath, '-e', script))
    await listen(t, outside)
    const out = script.replace(CONTAINER, OUTSIDE)
    t.doesNotThrow(() => within(container, process.execPath, '-e', out), 'a container calls out')
  })

  await t.test('SSH answers to whom the file names', async t => {
    within(host, 'nft', 'add', 'element', 'inet', 'hookwarden', 'admins', `{ ${OUTSIDE} }`)
    t.same(answering(HOST), [22, 443])
  })
})
