/**
 * `npm run demo`: a stand-in for Automatisch, Hookwarden before it, genuine and forged deliveries, and what became
 * of them. It keeps running; `--once` compares with what must be and exits; `--break=verify` accepts everything.
 */
import { parseArgs } from 'node:util'
import { moved } from '../support/metrics.ts'
import { connect, post } from '../support/sender.ts'
import { byHand, type Delivery, deliveriesAt } from './deliveries.ts'
import { complaints, type Result, WATCHED } from './judgement.ts'
import { linesToTry, movedTable, resultsTable } from './print.ts'
import { type Stage, setStage } from './stage.ts'

const USAGE = `npm run demo -- [--once] [--break=verify]
  --once           send everything, compare with what must be, exit 0 or 1
  --break=verify   accept everything: with --once this must end in 1`

/** Sends one delivery and looks at what moved meanwhile. */
async function send(stage: Stage, delivery: Delivery): Promise<Result> {
  const before = await stage.metrics()
  const seen = (await stage.automatisch.seen()).length
  const connection = await connect(stage.https)
  const { path: target, headers, body } = delivery
  await connection.send(post({ target, headers, body }))
  const answer = await connection.answerOrClose()
  connection.destroy()
  const changes = moved(before, await stage.metrics(), /^hookwarden_rejections_total\{/)
  const reasons = [...changes.keys()].map(
    series => /reason="(?<word>\w+)"/.exec(series)?.groups?.word,
  )
  const arrived = (await stage.automatisch.seen()).length > seen
  return {
    delivery,
    status: answer?.status ?? 0,
    reasons: reasons.filter(word => word !== undefined),
    arrived,
  }
}

/** Sends everything, prints it, and gives what is not as it must be. */
async function perform(stage: Stage, deliveries: readonly Delivery[]): Promise<string[]> {
  const before = await stage.metrics()
  const results: Result[] = []
  for (const delivery of deliveries) results.push(await send(stage, delivery))
  const changes = moved(before, await stage.metrics(), WATCHED)
  console.log(`\n${resultsTable(results)}`)
  console.log(`\nMetrics that moved:\n\n${movedTable(changes)}\n`)
  return complaints(results, await stage.automatisch.seen(), changes)
}

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      once: { type: 'boolean', default: false },
      break: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  })
  if (values.help || (values.break !== undefined && values.break !== 'verify')) {
    console.log(USAGE)
    return values.help ? 0 : 2
  }
  const stage = await setStage({
    freePorts: values.once,
    acceptsAll: values.break === 'verify',
  })
  console.log(`Hookwarden serves ${stage.map} on https://127.0.0.1:${stage.https}`)
  console.log(`before a stand-in for Automatisch on ${stage.automatisch.url}`)
  const deliveries = deliveriesAt(Date.now())
  const wrong = await perform(stage, deliveries)
  for (const sentence of wrong) console.log(`WRONG  ${sentence}`)
  if (!values.once) await stay(stage)
  else console.log(`${deliveries.length} deliveries, ${wrong.length} complaints`)
  await stage.close()
  return wrong.length === 0 ? 0 : 1
}

/** Shows Hookwarden's log until Ctrl-C. */
async function stay(stage: Stage): Promise<void> {
  console.log(linesToTry(stage, byHand()))
  console.log('Ctrl-C ends it. Its log from here on:\n')
  stage.follow(line => console.log(line))
  const asked = new Promise(resolve => {
    process.once('SIGINT', resolve)
    process.once('SIGTERM', resolve)
  })
  await Promise.race([stage.ended, asked])
}

try {
  process.exitCode = await main()
} catch (error) {
  console.error(error instanceof Error ? error.message : error)
  process.exitCode = 2
}
