/** Fastify for listening and http-proxy 1.18.1 for forwarding, with the whole body in one buffer. */
import { isGenuine, ready, SIGNATURE } from './terms.ts'
import { fastifyWithBuffers } from './with-fastify.ts'
import { forwarding } from './with-http-proxy.ts'

const forward = forwarding()
const app = fastifyWithBuffers()

app.post('/webhooks/flows/:id', (request, reply) => {
  const body = request.body as Buffer
  if (!isGenuine(request.headers[SIGNATURE], body)) {
    return reply.code(401).send({ error: 'signature' })
  }
  reply.hijack()
  forward(request.raw, reply.raw, body)
})

await app.listen({ port: 0, host: '127.0.0.1' })
ready(app.server)
