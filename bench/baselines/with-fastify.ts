import fastify, { type FastifyInstance } from 'fastify'
import { MAX_BODY, tls } from './terms.ts'

/** Fastify over TLS that hands every body over as one buffer, unparsed. */
export function fastifyWithBuffers(): FastifyInstance {
  const app = fastify({ https: tls(), bodyLimit: MAX_BODY }) as unknown as FastifyInstance
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('*', { parseAs: 'buffer' }, (_, body, done) => done(null, body))
  return app
}
