import { createInterface } from 'node:readline/promises'
import { PRESETS } from '../presets/presets.ts'
import { nearest } from '../spelling.ts'
import { type FirstMap, type Sender, secretNameOf } from './first-map.ts'

/** Asks one question, with what is taken where nothing is answered. */
export type Ask = (question: string, usual: string) => Promise<string>

const FLOW = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/

/** Asks on this process's terminal for what no option said. */
export async function askMap(given: FirstMap): Promise<FirstMap> {
  const terminal = createInterface({ input: process.stdin, output: process.stdout })
  try {
    return await asked(given, async (question, usual) => {
      const hint = usual === '' ? '' : ` (${usual})`
      return (await terminal.question(`${question}${hint}: `)).trim() || usual
    })
  } finally {
    terminal.close()
  }
}

/** The map that the answers come to. A question is asked again until its answer can be taken. */
export async function asked(given: FirstMap, ask: Ask): Promise<FirstMap> {
  const upstream = await ask('Where does Automatisch listen?', given.upstream)
  const senders: Sender[] = []
  for (;;) {
    const name = await ask(
      senders.length === 0
        ? 'Which sender, by its name in docs/providers/?'
        : 'Another sender? Nothing ends it',
      '',
    )
    if (name === '' && senders.length > 0) break
    const problem = Object.hasOwn(PRESETS, name) ? undefined : unknown(name)
    if (problem === undefined) senders.push(await sender(name, ask))
    else await ask(`${problem}. Return goes on`, '')
  }
  const cert = given.tls?.cert ?? (await ask('Certificate, PEM file? Nothing: for development', ''))
  if (cert === '') return { ...given, upstream, senders, tls: undefined }
  const key =
    given.tls?.key ?? (await ask('Its private key, PEM file?', cert.replace(/\.\w+$/, '.key')))
  return { ...given, upstream, senders, tls: { cert, key } }
}

async function sender(name: string, ask: Ask): Promise<Sender> {
  let flow = ''
  while (!FLOW.test(flow))
    flow = await ask('Id of its flow, from the address of the flow in Automatisch?', '')
  return { name, flow, secret: await ask('Where is its secret?', `env:${secretNameOf(name)}`) }
}

function unknown(name: string): string {
  const near = nearest(name, Object.keys(PRESETS))
  return near === undefined ? `No sender is known as '${name}'` : `Did you mean '${near}'?`
}
