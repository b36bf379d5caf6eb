import { Fault } from '../errors.ts'
import { nearest } from '../spelling.ts'
import type { Command } from './command.ts'

type Action = (args: readonly string[]) => Promise<number>

const ACTIONS: Readonly<Record<string, () => Promise<Action>>> = {
  generate: async () => (await import('./keys-generate.ts')).main,
  check: async () => (await import('./keys-check.ts')).main,
  pin: async () => (await import('./keys-pin.ts')).main,
  prove: async () => (await import('./keys-prove.ts')).main,
  escrow: async () => (await import('./keys-escrow.ts')).main,
}

export const command: Command = {
  help: `hookwarden keys ACTION [options]

Guards the three keys of an Automatisch: ENCRYPTION_KEY, WEBHOOK_SECRET_KEY and APP_SECRET_KEY. No action prints a key
unless it is asked to.

  generate --out PATH [--format files|env|kubernetes] | --print
      makes three new keys: a folder with a file each, an environment file, or a Kubernetes Secret, readable by the owner
      alone. For a new installation only: with other keys an existing one loses its connections and its webhooks
  check
      says what is wrong with the keys at hand: length, repetition, equality, examples, what Telegram refuses
  pin [--state DIR | --config FILE] [--again]
      remembers the keys at hand by fingerprints that reveal nothing; \`run\` and \`doctor\` shout when one is another later.
      Pinned once, it compares; --again pins anew what was changed on purpose
  escrow --to PUBLIC --out FILE
      closes the keys at hand into one file to lie beside each dump of the database; --to is the public half of an offline
      key (\`hookwarden keygen\`)
  escrow --compare FILE
      says whether the keys at hand are those of that file; needs no private half
  escrow --open FILE --key REFERENCE --out DIR | --print
      opens it again, with the private half by file:PATH or env:NAME, and says what of it was changed
  prove --database REFERENCE
      decrypts every stored connection of a database, such as a restored one, with the ENCRYPTION_KEY at hand, and says how
      many opened, showing none. env:NAME, file:PATH, or the URL itself: postgres://user:password@host/database

Where the keys at hand are: in the environment under their own names, unless
  --env-file FILE               in a file such as Automatisch's /automatisch/storage/.env
  --encryption-key REFERENCE    env:NAME, file:PATH or sealed:…; the same for --webhook-secret-key and --app-secret-key

  --json    for machines

Example: hookwarden keys check --env-file .env
Exit codes: 0 fine, 1 a finding, 2 it cannot be done as asked.`,

  async main([action, ...args]) {
    const known = Object.keys(ACTIONS).join(', ')
    if (action === undefined) throw new Fault('usage', `which action? ${known}; see --help`)
    const load = Object.hasOwn(ACTIONS, action) ? ACTIONS[action] : undefined
    if (load === undefined) {
      const near = nearest(action, Object.keys(ACTIONS))
      const hint = near === undefined ? known : `did you mean '${near}'?`
      throw new Fault('usage', `unknown action '${action}': ${hint}`)
    }
    return (await load())(args)
  },
}
