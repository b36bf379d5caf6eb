/** A cheap upstream in a process of its own: reads the body, answers 204. */
import { createServer } from 'node:http'
import { announce } from './baselines/terms.ts'

const server = createServer((request, response) => {
  request.resume()
  request.on('end', () => {
    response.statusCode = 204
    response.end()
  })
})
server.keepAliveTimeout = 600_000
announce(server)
