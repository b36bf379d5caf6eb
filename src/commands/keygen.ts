import { Fault } from '../errors.ts'
import { SEAL_KEY_FILE } from '../secrets/sealed.ts'
import { makeSealingKey } from '../secrets/sealing-key.ts'
import { type Command, readArguments } from './command.ts'
import { writePrivateFile } from './private-file.ts'
import { processTerminal, type Terminal } from './terminal.ts'

export const command: Command = {
  help: `hookwarden keygen --out FILE [--json]

Makes a sealing key: a public half, which seals secrets for a map (\`hookwarden seal\`) or Automatisch's keys (\`hookwarden keys
escrow\`), and a private half, which opens them. The private half goes to FILE, readable by its owner alone, and never to
the terminal; the public half is printed and is no secret.

  --out FILE  where the private half goes; never over a file that exists
  --json      for machines

Example: hookwarden keygen --out sealing.key
Exit codes: 0 made, 2 it cannot be done as asked.`,

  async main(args) {
    const { out, json } = readArguments(args, {
      out: { type: 'string' },
      json: { type: 'boolean', default: false },
    })
    if (out === undefined) {
      throw new Fault('usage', 'where should the private half go? --out FILE; it is never printed')
    }
    return keygen(out, json, processTerminal)
  },
}

/** Makes a key and says what to do with its halves. */
export function keygen(out: string, json: boolean, terminal: Terminal): number {
  const { publicText, privateText } = makeSealingKey()
  writePrivateFile(out, `# private half of the sealing key ${publicText}\n${privateText}\n`)
  if (json) {
    terminal.out(JSON.stringify({ public: publicText, private_file: out }, null, 2))
    return 0
  }
  terminal.out(publicText)
  terminal.err(`
${terminal.paint('bold', out)} holds the private half, readable by you alone.
  to seal a secret   hookwarden seal --to ${publicText}
  to open it again   ${SEAL_KEY_FILE}=${out} where \`hookwarden run\` is started
Keep a copy of that file elsewhere: without it nothing that was sealed opens again.`)
  return 0
}
