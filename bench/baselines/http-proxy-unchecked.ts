/** node:https and http-proxy 1.18.1, streaming, without any check: what forwarding alone costs there. */
import { createServer } from 'node:https'
import { announce, tls } from './terms.ts'
import { forwarding } from './with-http-proxy.ts'

const forward = forwarding()
announce(createServer(tls(), (request, response) => forward(request, response)))
