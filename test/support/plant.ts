import { registerHooks } from 'node:module'

// Plants a fault in a source as it is loaded: PLANT is JSON, the end of a file's name, what stands there, what is put
// for it. A fault whose place is gone ends the process with 3, so that no test passes for want of one.
const [file, find, put] = JSON.parse(process.env.PLANT ?? '["","",""]') as [string, string, string]
let planted = false

registerHooks({
  load(url, context, next) {
    const loaded = next(url, context)
    if (!url.endsWith(file)) return loaded
    const source = String(loaded.source)
    if (source.split(find).length !== 2) {
      console.error(`${file}: '${find}' does not stand there once`)
      process.exit(3)
    }
    planted = true
    return { ...loaded, source: source.replace(find, () => put) }
  },
})

process.on('exit', () => {
  if (!planted) process.exitCode = 3
})
