import { spawnSync } from 'node:child_process'
import t from 'tap'

/** Whether this Node runs on glibc; on another C library there is nothing to tell. */
const { header } = process.report.getReport() as { header: { glibcVersionRuntime?: string } }
const glibc = header.glibcVersionRuntime !== undefined

/** 64 MiB of small blocks, of which one in 64 stays: what lies between is free in the middle of the heap. V8 frees it on threads of its own. */
const GIVES_BACK = `
import(process.argv[1]).then(async ({ openMalloc }) => {
  const malloc = openMalloc()
  let kept = Array.from({ length: 2048 }, () => Buffer.allocUnsafeSlow(32 * 1024).fill(1))
  const before = process.memoryUsage.rss()
  kept = kept.filter((_, i) => i % 64 === 0)
  let after = before
  for (let i = 0; i < 100 && before - after < 2 ** 25; i++) {
    gc()
    await new Promise(resolve => setTimeout(resolve, 5))
    malloc?.trim()
    after = process.memoryUsage.rss()
  }
  console.log(JSON.stringify({ said: malloc !== undefined, before, after }))
})`

t.test('glibc gives back what is free', async t => {
  // in a process of its own: the allocator of this one belongs to the tests
  const { out } = run(['--expose-gc', '-e', GIVES_BACK])
  const { said, before, after } = JSON.parse(out)
  t.equal(said, glibc)
  if (glibc) t.ok(after <= before - 2 ** 25, `${before} bytes resident, ${after} when given back`)
})

t.test('where node:ffi may not be used nothing is told, and nobody is warned', async t => {
  const asked = `import(process.argv[1]).then(({ openMalloc }) => console.log(openMalloc() === undefined))`
  for (const flags of [['--no-experimental-ffi'], ['--permission', '--allow-fs-read=*']]) {
    const got = run([...flags, '-e', asked])
    t.same(got, { out: 'true\n', err: '' }, flags.join(' '))
  }
  if (glibc) t.same(run(['-e', asked]), { out: 'false\n', err: '' }, 'where it may')
})

/** What another Node says about it, without what tests run under: that would be refused things itself, and warn of them. */
function run(args: readonly string[]): { out: string; err: string } {
  const file = new URL('../../../src/process/malloc.ts', import.meta.url).href
  const node = ['NODE_OPTIONS=', process.execPath, ...args, file]
  const { stdout, stderr } = spawnSync('env', node, { encoding: 'utf8' })
  return { out: stdout, err: stderr }
}
