import type { FastifyServerOptions } from 'fastify'

/** Fastify without its schema compilers: no route here has a schema, and they take longer to load than all else in it. */
export const BARE: FastifyServerOptions = {
  logger: false,
  schemaController: { compilersFactory: { buildValidator: none, buildSerializer: none } },
}

function none(): never {
  throw new Error('a route has a schema, and nothing is there to compile it')
}
