import { type ParseArgsConfig, parseArgs } from 'node:util'
import { Fault } from '../errors.ts'

/** One word of the command line. Its module is loaded only when it is called. */
export interface Command {
  /** What `--help` prints. */
  readonly help: string
  /** Does it and gives the exit code: 0, or 1 for a finding. Throws a `usage` fault for arguments it cannot read. */
  main(args: readonly string[]): Promise<number>
}

/** Reads arguments strictly: whatever was not declared is a fault that names it. */
export function readArguments<const T extends NonNullable<ParseArgsConfig['options']>>(
  args: readonly string[],
  options: T,
) {
  return parsed(() =>
    parseArgs({ args: [...args], options, strict: true, allowPositionals: false }),
  ).values
}

/** The same for a command that takes one word beside its options, such as the name of a provider. */
export function readWordAndArguments<const T extends NonNullable<ParseArgsConfig['options']>>(
  args: readonly string[],
  what: string,
  options: T,
) {
  const { values, positionals } = parsed(() =>
    parseArgs({ args: [...args], options, strict: true, allowPositionals: true }),
  )
  const [word, ...more] = positionals
  if (word === undefined) throw new Fault('usage', `which ${what}? See --help`)
  if (more.length > 0) throw new Fault('usage', `one ${what} at a time: '${more[0]}' is too many`)
  return { word, values }
}

function parsed<T>(parse: () => T): T {
  try {
    return parse()
  } catch (error) {
    throw new Fault('usage', error instanceof Error ? error.message : String(error), {
      cause: error,
    })
  }
}
