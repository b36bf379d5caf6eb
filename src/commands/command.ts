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
  try {
    return parseArgs({ args: [...args], options, strict: true, allowPositionals: false }).values
  } catch (error) {
    throw new Fault('usage', error instanceof Error ? error.message : String(error), {
      cause: error,
    })
  }
}
