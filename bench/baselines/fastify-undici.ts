/** Fastify and undici with the whole body in one buffer: what a Node user would write. */
import { Pool } from 'undici'
import { CONNECTIONS, isGenuine, ready, SIGNATURE, UPSTREAM } from './terms.ts'
import { fastifyWithBuffers } from './with-fastify.ts'

const pool = new Pool(UPSTREAM, { connections: CONNECTIONS })
const app = fastifyWithBuffers()

app.post('/webhooks/flows/:id', async (request, reply) => {
  const body = request.body as Buffer
  if (!isGenuine(request.headers[SIGNATURE], body)) {
    return reply.code(401).send({ error: 'signature' })
  }
  const { connection: _, host: __, 'content-length': ___, ...headers } = request.headers
  const answer = await pool.request({ path: request.url, method: 'POST', headers, body })
  return reply.code(answer.statusCode).send(Buffer.from(await answer.body.arrayBuffer()))
})

await app.listen({ port: 0, host: '127.0.0.1' })
ready(app.server)
