import { existsSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { delimiter, dirname, join } from 'node:path'
import { type Child, startProgram } from './child.ts'
import { freePort, type Site } from './site.ts'

const SBIN = ['/usr/local/sbin', '/usr/sbin', '/sbin']
/** Beside the program, as distributions and nginx's own installation lay them out. */
const MODULES = ['../lib/nginx/modules', '../modules', '../share/nginx/modules']

/** Where a program is installed; undefined when it is not. */
function programAt(name: string): string | undefined {
  const folders = [...(process.env.PATH ?? '').split(delimiter), ...SBIN]
  return folders.map(folder => join(folder, name)).find(file => existsSync(file))
}

function moduleOf(nginx: string): string | undefined {
  const files = MODULES.map(at => join(dirname(nginx), at, 'ngx_http_js_module.so'))
  return files.find(file => existsSync(file))
}

/** Starts nginx with njs, one worker; undefined when either is not installed. */
export async function startNginx(site: Site): Promise<{ child: Child; port: number } | undefined> {
  const nginx = programAt('nginx')
  const module = nginx === undefined ? undefined : moduleOf(nginx)
  if (nginx === undefined || module === undefined) return undefined
  const port = await freePort()
  const config = join(site.folder, 'nginx.conf')
  writeFileSync(join(site.folder, 'verify.js'), njs(site.secret))
  writeFileSync(config, nginxConfig(site, port, module))
  const args = ['-p', site.folder, '-c', config, '-e', join(site.folder, 'nginx.err')]
  const child = startProgram(nginx, args, join(site.folder, 'nginx.log'))
  await untilListening(port, child)
  return { child, port }
}

/** Starts HAProxy, one thread; undefined when it is not installed. */
export async function startHaproxy(
  site: Site,
): Promise<{ child: Child; port: number } | undefined> {
  const haproxy = programAt('haproxy')
  if (haproxy === undefined) return undefined
  const port = await freePort()
  const config = join(site.folder, 'haproxy.cfg')
  writeFileSync(config, haproxyConfig(site, port))
  const child = startProgram(haproxy, ['-db', '-f', config], join(site.folder, 'haproxy.log'))
  await untilListening(port, child)
  return { child, port }
}

async function untilListening(port: number, child: Child): Promise<void> {
  const end = performance.now() + 5_000
  while (performance.now() < end) {
    const open = new Promise<boolean>(resolve => {
      const socket = connect(port, '127.0.0.1', () => {
        socket.destroy()
        resolve(true)
      })
      socket.once('error', () => resolve(false))
    })
    if (await Promise.race([open, child.ended])) return
    await new Promise(resolve => setTimeout(resolve, 20))
  }
  throw new Error(`${child.process.spawnfile} does not listen`)
}

const njs = (secret: string): string => `import crypto from 'crypto'
function verify(r) {
  var mac = crypto.createHmac('sha256', '${secret}')
  mac.update(r.requestBuffer || '')
  if (r.headersIn['X-Hub-Signature-256'] !== 'sha256=' + mac.digest('hex')) {
    r.return(401, '{"error":"signature"}')
    return
  }
  r.internalRedirect('@upstream')
}
export default { verify }
`

function nginxConfig(site: Site, port: number, module: string): string {
  return `daemon off;
worker_processes 1;
pid ${site.folder}/nginx.pid;
load_module ${module};
events { worker_connections 4096; }
http {
  access_log off;
  client_body_temp_path ${site.folder}/body;
  proxy_temp_path ${site.folder}/proxy;
  fastcgi_temp_path ${site.folder}/fastcgi;
  uwsgi_temp_path ${site.folder}/uwsgi;
  scgi_temp_path ${site.folder}/scgi;
  js_path ${site.folder};
  js_import verify from verify.js;
  client_max_body_size 1m;
  client_body_buffer_size 1m;
  client_body_in_single_buffer on;
  keepalive_requests 1000000;
  upstream automatisch { server 127.0.0.1:${site.upstreamPort}; keepalive 32; keepalive_requests 1000000; }
  server {
    listen 127.0.0.1:${port} ssl;
    ssl_certificate ${site.certFile};
    ssl_certificate_key ${site.keyFile};
    ssl_protocols TLSv1.2 TLSv1.3;
    ssl_session_tickets on;
    default_type application/json;
    location / {
      if ($http_x_hub_signature_256 = "") { return 401 '{"error":"signature"}'; }
      js_content verify.verify;
    }
    location @upstream {
      proxy_pass http://automatisch;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
    }
  }
}
`
}

function haproxyConfig(site: Site, port: number): string {
  const key = Buffer.from(site.secret).toString('base64')
  const unsigned = 'content-type application/json string \'{"error":"signature"}\''
  return `global
  nbthread 1
  maxconn 4096
  tune.bufsize 1200000
defaults
  mode http
  timeout connect 2s
  timeout client 30s
  timeout server 30s
  timeout http-request 10s
  option http-buffer-request
frontend hooks
  bind 127.0.0.1:${port} ssl crt ${site.bothFile} alpn http/1.1
  http-request return status 401 ${unsigned} unless { req.hdr(x-hub-signature-256) -m found }
  http-request wait-for-body time 10s
  http-request set-var(txn.mac) req.body,hmac(sha256,${key}),hex,lower
  http-request set-var-fmt(txn.right) sha256=%[var(txn.mac)]
  acl genuine req.hdr(x-hub-signature-256),strcmp(txn.right) eq 0
  http-request return status 401 ${unsigned} unless genuine
  default_backend automatisch
backend automatisch
  http-reuse always
  server upstream 127.0.0.1:${site.upstreamPort}
`
}
