import { once } from 'node:events'
import { existsSync, globSync } from 'node:fs'
import { basename, dirname, join, sep } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import t from 'tap'

/**
 * The test files that share the process of `entry`: those of the folder beside it that has its name, or, for
 * `rest.test.ts`, those of every folder without an entry. So a new folder or file is never left out.
 *
 * @param entry path of a file like `test/unit/verify.test.ts`
 */
export function sharers(entry: string): string[] {
  const [unit, room] = [dirname(entry), basename(entry, '.test.ts')]
  const all = globSync(join(unit, '*', '**', '*.test.ts')).sort()
  const of = (file: string) => join(unit, file.slice(unit.length + 1).split(sep)[0] ?? '')
  return room === 'rest'
    ? all.filter(file => !existsSync(`${of(file)}.test.ts`))
    : all.filter(file => of(file) === join(unit, room))
}

/**
 * Runs test files one after another in this process: most of them take less time than starting a process does. Each
 * still runs alone with `tap run`.
 *
 * @param entry `import.meta.url` of the file that stands for them
 */
export async function together(entry: string): Promise<void> {
  for (const file of sharers(fileURLToPath(entry))) {
    await import(pathToFileURL(file).href)
    while (!t.idle) await once(t, 'idle')
  }
}
