import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { fuzz } from './wire.ts'

const HELP = `npm run fuzz -- [options]

Sends mutated deliveries over raw sockets to a Hookwarden of its own and judges what reaches the upstream.

  --seed N      what decides everything (one of chance)
  --count N     requests (100000), up to four of them in one conversation
  --only N      one conversation alone, by its number
  --seconds N   longest that it may take (600)
  --record      writes the seed into test/fuzz/seeds.json

Exit code 1 on a fault. Each fault says how to see it again.`

const { values } = parseArgs({
  options: {
    seed: { type: 'string' },
    count: { type: 'string', default: '100000' },
    only: { type: 'string' },
    seconds: { type: 'string', default: '600' },
    record: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
})

if (values.help) console.log(HELP)
else process.exitCode = await main()

async function main(): Promise<number> {
  const seed = Number(values.seed ?? Math.floor(Math.random() * 2 ** 31))
  const [count = 0, seconds = 0] = [values.count, values.seconds].map(Number)
  const only = values.only === undefined ? undefined : Number(values.only)
  const teardowns: (() => unknown)[] = []
  const started = performance.now()
  console.log(`seed ${seed}`)
  const t = { teardown: (after: () => unknown) => void teardowns.push(after) }
  const result = await fuzz(t as never, {
    seed,
    count,
    only,
    seconds,
    say: line => console.log(line),
  })
  for (const after of teardowns.reverse()) await after()
  const { faults, ...numbers } = result
  console.log(JSON.stringify(numbers))
  const took = Math.round((performance.now() - started) / 1000)
  console.log(`seed ${seed}: ${result.requests} requests in ${took} s, ${faults.length} faults`)
  if (values.record) record({ seed, count: result.requests, faults: faults.length })
  return faults.length === 0 ? 0 : 1
}

function record(run: { seed: number; count: number; faults: number }): void {
  const file = join(import.meta.dirname, 'seeds.json')
  const seeds = JSON.parse(readFileSync(file, 'utf8')) as { runs: unknown[]; found: unknown[] }
  const list = (all: readonly unknown[]) =>
    `[\n${all.map(one => `    ${spaced(one)}`).join(',\n')}\n  ]`
  const runs = list([...seeds.runs, run])
  writeFileSync(file, `{\n  "runs": ${runs},\n  "found": ${list(seeds.found)}\n}\n`)
}

/** JSON on one line, as the formatter wants it. */
function spaced(value: unknown): string {
  const lines = JSON.stringify(value, undefined, 1).split('\n')
  return lines.map(line => line.trim()).join(' ')
}
