import { type ChildProcess, spawn } from 'node:child_process'
import { openSync, readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

/** A process of the bench, with an IPC channel where it runs on Node. */
export interface Child {
  readonly process: ChildProcess
  readonly pid: number
  /** Rejects when the process ends by itself. */
  readonly ended: Promise<never>
}

const PROBE = import.meta.resolve('./probe.js')
const children = new Set<ChildProcess>()
process.once('exit', () => {
  for (const child of children) child.kill('SIGKILL')
})

/** Starts a Node program with the probe in it; its output goes to `log`, or to the driver. */
export function startNode(
  args: readonly string[],
  env: Readonly<Record<string, string>>,
  log?: string,
): Child {
  return startBareNode(['--import', PROBE, ...args], env, log)
}

/** Starts a Node program as it is. */
export function startBareNode(
  args: readonly string[],
  env: Readonly<Record<string, string>>,
  log?: string,
): Child {
  const output = log === undefined ? 'pipe' : openSync(log, 'w')
  return adopt(
    spawn(process.execPath, args, {
      stdio: ['ignore', output, log === undefined ? 'inherit' : output, 'ipc'],
      env: { ...process.env, ...env },
    }),
  )
}

/** Starts any other program; its output goes to `log`. */
export function startProgram(command: string, args: readonly string[], log: string): Child {
  const output = openSync(log, 'w')
  return adopt(spawn(command, args, { stdio: ['ignore', output, output] }))
}

/**
 * Starts one of the bench's own programs and waits for the port it prints.
 *
 * @param file as `import.meta.resolve` gives it
 */
export async function startListening(
  file: string,
  env: Readonly<Record<string, string>>,
): Promise<{ readonly child: Child; readonly port: number }> {
  const child = startNode([fileURLToPath(file)], env)
  const line = await Promise.race([firstLine(child.process), child.ended])
  return { child, port: (JSON.parse(line) as { readonly port: number }).port }
}

export async function stop(child: Child): Promise<void> {
  children.delete(child.process)
  child.ended.catch(() => undefined)
  if (child.process.exitCode !== null || child.process.signalCode !== null) return
  const gone = new Promise(resolve => child.process.once('exit', resolve))
  child.process.kill('SIGKILL')
  await gone
}

/** Sends one message and waits for the answer. */
export function ask<T>(child: Child, message: object | string): Promise<T> {
  const answer = new Promise<T>(resolve => {
    child.process.once('message', given => resolve(given as T))
  })
  child.process.send(message)
  return Promise.race([answer, child.ended])
}

/** CPU time of a process and of its children so far, in microseconds, as the scheduler counts it. */
export function cpuOf(pid: number): number {
  let nanoseconds = 0
  for (const id of familyOf(pid)) {
    for (const task of namesIn(`/proc/${id}/task`)) {
      nanoseconds += Number(textOf(`/proc/${id}/task/${task}/schedstat`).split(' ')[0])
    }
  }
  return nanoseconds / 1000
}

function familyOf(pid: number): string[] {
  const threads = namesIn(`/proc/${pid}/task`)
  const kids = threads.flatMap(task =>
    textOf(`/proc/${pid}/task/${task}/children`).split(' ').filter(Boolean),
  )
  return [String(pid), ...kids.flatMap(kid => familyOf(Number(kid)))]
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder)
  } catch {
    return [] // gone meanwhile
  }
}

function textOf(file: string): string {
  try {
    return readFileSync(file, 'utf8').trim()
  } catch {
    return ''
  }
}

function adopt(child: ChildProcess): Child {
  children.add(child)
  const { pid } = child
  if (pid === undefined) throw new Error(`cannot start ${child.spawnfile}`)
  const ended = new Promise<never>((_, reject) => {
    child.once('error', reject)
    child.once('exit', (code, signal) => {
      reject(new Error(`${child.spawnargs.join(' ')} ended with ${code ?? signal}`))
    })
  })
  ended.catch(() => undefined) // reported where it is awaited
  return { process: child, pid, ended }
}

function firstLine(child: ChildProcess): Promise<string> {
  return new Promise(resolve => {
    let text = ''
    child.stdout?.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk
      const end = text.indexOf('\n')
      if (end !== -1) resolve(text.slice(0, end))
    })
  })
}
