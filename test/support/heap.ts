import type { Bytes } from '../../src/units.ts'
import type { Process } from './process.ts'

/** Options of Node that let `heapOf` ask a process. */
export const INSPECTED = ['--inspect=127.0.0.1:0'] as const

/** What a process holds once its garbage is collected: its heap, and what lies outside of it. */
export async function heapOf(process: Pick<Process, 'stderr'>): Promise<Bytes> {
  const url = /ws:\/\/\S+/.exec(process.stderr())?.[0]
  if (url === undefined) throw new Error(`no inspector: ${process.stderr()}`)
  const socket = new WebSocket(url)
  await new Promise((resolve, reject) => {
    socket.onopen = resolve
    socket.onerror = reject
  })
  const ask = (method: string, params = {}): Promise<string> =>
    new Promise(resolve => {
      socket.onmessage = ({ data }) => resolve(String(data))
      socket.send(JSON.stringify({ id: 1, method, params }))
    })
  for (let i = 0; i < 2; i++) await ask('HeapProfiler.collectGarbage')
  const expression = '(({ heapUsed, external }) => heapUsed + external)(process.memoryUsage())'
  const { result } = JSON.parse(await ask('Runtime.evaluate', { expression })) as {
    readonly result: { readonly result: { readonly value: number } }
  }
  socket.close()
  return result.result.value
}
