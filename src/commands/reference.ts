import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { editorSchema, referencePage } from '../config/reference.ts'
import { type Command, readArguments } from './command.ts'

const ROOT = join(import.meta.dirname, '..', '..')

/** The files that are made from the schema, by their place in the repository. */
export function generatedFiles(): ReadonlyMap<string, string> {
  return new Map([
    ['docs/configuration.md', referencePage()],
    ['config/hookwarden.schema.json', `${JSON.stringify(editorSchema(), null, 2)}\n`],
  ])
}

export const command: Command = {
  help: `hookwarden reference [--schema] [--write]

Prints the reference page of the provider map, made from its schema.

  --schema   print the JSON Schema for editors instead
  --write    write docs/configuration.md and config/hookwarden.schema.json of this checkout`,

  async main(args) {
    const options = readArguments(args, {
      schema: { type: 'boolean', default: false },
      write: { type: 'boolean', default: false },
    })
    const files = generatedFiles()
    if (options.write) {
      for (const [path, text] of files) writeFileSync(join(ROOT, path), text)
      return 0
    }
    const path = options.schema ? 'config/hookwarden.schema.json' : 'docs/configuration.md'
    process.stdout.write(files.get(path) ?? '')
    return 0
  },
}
