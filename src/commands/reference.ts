import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { editorSchema, referencePage } from '../config/reference.ts'
import { type Command, readArguments } from './command.ts'
import { doctorPage } from './doctor.ts'
import { providerPages } from './provider-pages.ts'

const ROOT = join(import.meta.dirname, '..', '..')

/** The files that are made from the schema and the presets, by their place in the repository. */
export function generatedFiles(): ReadonlyMap<string, string> {
  return new Map([
    ['docs/configuration.md', referencePage()],
    ['config/hookwarden.schema.json', `${JSON.stringify(editorSchema(), null, 2)}\n`],
    ['docs/doctor.md', doctorPage()],
    ...providerPages(),
  ])
}

export const command: Command = {
  help: `hookwarden reference [--schema] [--write]

Prints the reference page of the provider map, made from its schema.

  --schema   print the JSON Schema for editors instead
  --write    write docs/configuration.md, docs/doctor.md, config/hookwarden.schema.json and
             docs/providers/ of this checkout

Example: hookwarden reference --schema
Exit codes: 0 written, 2 it cannot be done as asked.`,

  async main(args) {
    const options = readArguments(args, {
      schema: { type: 'boolean', default: false },
      write: { type: 'boolean', default: false },
    })
    const files = generatedFiles()
    if (options.write) {
      mkdirSync(join(ROOT, 'docs', 'providers'), { recursive: true })
      for (const [path, text] of files) writeFileSync(join(ROOT, path), text)
      return 0
    }
    const path = options.schema ? 'config/hookwarden.schema.json' : 'docs/configuration.md'
    process.stdout.write(files.get(path) ?? '')
    return 0
  },
}
