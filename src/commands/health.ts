import type { Millis } from '../units.ts'
import { type Command, readArguments } from './command.ts'

// not imported: that reads every export, and one of them loads a client for WebSockets
const { get } = process.getBuiltinModule('node:http')

const PATIENCE: Millis = 2000

export const command: Command = {
  help: `hookwarden health [--url URL] [--json]

Asks the admin listener whether it is ready: the health check of a container.

  --url URL  the readiness page (http://127.0.0.1:9090/readyz)
  --json     for machines

Example: hookwarden health --url http://127.0.0.1:9090/readyz
Exit codes: 0 ready, 1 not.`,

  async main(args) {
    const { url, json } = readArguments(args, {
      url: { type: 'string', default: 'http://127.0.0.1:9090/readyz' },
      json: { type: 'boolean', default: false },
    })
    const { status, body } = await ask(url)
    console.log(json ? JSON.stringify({ url, status, ready: status === 200, body }) : body)
    return status === 200 ? 0 : 1
  },
}

function ask(url: string): Promise<{ status: number; body: string }> {
  return new Promise(resolve => {
    const failed = (error: Error): void => resolve({ status: 0, body: `${url}: ${error.message}` })
    try {
      const request = get(url, { timeout: PATIENCE }, answer => {
        let body = ''
        answer.setEncoding('utf8').on('data', text => {
          body += text
        })
        answer.on('end', () => resolve({ status: answer.statusCode ?? 0, body }))
      })
      request.on('timeout', () => request.destroy(new Error('no answer in time')))
      request.on('error', failed)
    } catch (error) {
      failed(error instanceof Error ? error : new Error(String(error)))
    }
  })
}
