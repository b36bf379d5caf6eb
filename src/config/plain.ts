import { parseAllDocuments } from 'yaml'

const MOST_CHARACTERS = 4_000_000
const MOST_COPIES = 1_000

/**
 * Reads the documents of a YAML file that is not ours, such as a compose file or Kubernetes manifests: `<<` merges, tags are
 * left aside, aliases are bounded. Gives the first problem as text where it cannot be read.
 */
export function readPlainYaml(text: string): readonly unknown[] | string {
  if (text.length > MOST_CHARACTERS) return 'larger than 4 MB: is this the right file?'
  const documents = parseAllDocuments(text, {
    merge: true,
    prettyErrors: false,
    logLevel: 'silent',
  })
  const values: unknown[] = []
  for (const document of documents) {
    const [error] = document.errors
    if (error !== undefined) return error.message.replaceAll(/\s+/g, ' ')
    try {
      values.push(document.toJS({ maxAliasCount: MOST_COPIES }))
    } catch (error) {
      return error instanceof Error ? error.message : String(error)
    }
  }
  return values
}
