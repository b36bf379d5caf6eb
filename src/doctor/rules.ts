/** The controls of the operator's guide that rules serve. */
export const CONTROLS = {
  keys: 'long random keys, all three distinct, that never change after set-up',
  secrets: 'keys and passwords in secret management, never in plain files of a repository',
  private: 'PostgreSQL and Redis private, firewalled, Redis with a password',
  least: 'dedicated credentials with least privilege, rotated',
  ingress: 'webhooks behind a reverse proxy with TLS, payload limits, signature or shared secret',
  upgrades: 'releases followed, images pinned, upgrades staged',
} as const

/** One thing that `doctor` looks for. */
export interface Rule {
  readonly control: keyof typeof CONTROLS
  readonly what: string
  readonly why: string
  readonly fix: string
}

/** Every rule. `docs/doctor.md` is made of this table. */
export const RULES = {
  proxy_missing: {
    control: 'ingress',
    what: 'an Automatisch has no Hookwarden beside it',
    why: 'Automatisch checks the signature of one of its 21 webhook apps. Whoever knows any other URL runs the flow.',
    fix: 'Add Hookwarden to the deployment, or name its file too: `--compose` and `--kubernetes` may be given several times.',
  },
  port_published: {
    control: 'ingress',
    what: 'a port of Automatisch is reachable around Hookwarden',
    why: 'Nothing that Hookwarden refuses is refused there: one malformed request of 180 bytes ends the process, and every webhook URL is open.',
    fix: 'Take `3000:3000` away, or bind it to loopback: `127.0.0.1:3000:3000`. In Kubernetes a Service of type ClusterIP is enough.',
  },
  upstream_public: {
    control: 'ingress',
    what: 'the map reaches Automatisch at a public address without TLS',
    why: 'What was verified travels readable, and whoever reaches that address goes around Hookwarden.',
    fix: 'Put both on one private network and name Automatisch by its private address in `upstream`.',
  },
  webhook_url: {
    control: 'ingress',
    what: '`WEBHOOK_URL` does not lead senders to Hookwarden',
    why: 'Automatisch registers this URL at senders. Unset, it shows its own host with `:3000`; a path behind the host is dropped without a word.',
    fix: 'Set `WEBHOOK_URL` to the public origin of Hookwarden, `https://` and a host alone, the same as `public_url` of the map. Publish each flow again.',
  },
  store_published: {
    control: 'private',
    what: 'a port of PostgreSQL or Redis is reachable from other machines',
    why: 'All credentials lie in the one, all deliveries with their headers in the other. Their passwords are then the last door.',
    fix: 'Take `ports:` away: containers of one network need none. For maintenance bind it to loopback.',
  },
  redis_password: {
    control: 'private',
    what: 'Redis asks for no password',
    why: 'Whoever reaches it reads every delivery with its headers, among them `WEBHOOK_SECRET_KEY` in clear, and can add jobs that run any flow.',
    fix: 'Start it with `--requirepass` out of a secret, and give Automatisch `REDIS_PASSWORD`.',
  },
  store_password: {
    control: 'private',
    what: 'the Redis that the map names as `store` is asked without a password',
    why: 'Whoever reaches it can undo every limit, have deliveries forgotten that would then run twice, or have others taken for delivered. On loopback nobody else reaches it.',
    fix: 'Give that Redis a password (`--requirepass`, or a user by ACL), and the map `store: { url: …, password: env:NAME }`.',
  },
  stock_password: {
    control: 'private',
    what: 'the password is the one of the stock compose file',
    why: 'It stands in a public repository.',
    fix: 'Set another with `ALTER USER` in the running database, then in every place that names it. New installations take theirs from a secret.',
  },
  role_broad: {
    control: 'least',
    what: 'the role that Hookwarden asks the database with may read stored credentials',
    why: 'Hookwarden needs ids and paths of flows. With this role whoever takes it over has every connection, encrypted, and often more.',
    fix: 'Make the role of `deploy/postgres-role.sql` and name that in the URL.',
  },
  network_flat: {
    control: 'private',
    what: 'PostgreSQL or Redis shares its network with more than it needs',
    why: 'On the default network every container reaches every other, and each of them the Internet. One that is taken over has the database before it.',
    fix: 'Give the stores a network with `internal: true` that only `main` and `worker` join; in Kubernetes a NetworkPolicy that selects them.',
  },
  worker_exposed: {
    control: 'private',
    what: "Automatisch's containers share a network with more than they need",
    why: 'The worker runs flows and needs the stores and the way out, nothing that comes in. Beside Hookwarden, or beside containers of others, it is reached by whoever takes one of those over.',
    fix: 'Three networks: one for Hookwarden and `main`, an internal one for `main`, `worker` and the stores, one for the way out. In Kubernetes a NetworkPolicy that selects the worker and admits nobody.',
  },
  secret_in_file: {
    control: 'secrets',
    what: 'a key or a password stands in the deployment file itself',
    why: 'Files of a deployment are copied, committed and shown in reviews; what was once in a repository stays in its history.',
    fix: 'Take it from a container secret or a file of variables outside of the repository (`env_file:`), from a Kubernetes Secret by `secretKeyRef`, then change it.',
  },
  keys_on_volume: {
    control: 'secrets',
    what: 'Automatisch keeps its keys in a plain file on its volume',
    why: 'The entry point of the stock compose file writes all three keys to `/automatisch/storage/.env`. They are then in every copy of the volume, and nowhere else.',
    fix: 'Make them with `hookwarden keys generate`, or read them from that file; hand them in as secrets, start `/entrypoint.sh` itself, and keep an escrow (`hookwarden keys escrow`).',
  },
  file_mode: {
    control: 'secrets',
    what: 'a file with a secret is readable by everybody on the machine',
    why: 'Any process there has the secret, whatever user it runs as.',
    fix: '`chmod 600`, or 640 with a group of its own.',
  },
  key_weak: {
    control: 'keys',
    what: "one of Automatisch's keys is weak, an example, or equal to another",
    why: 'Stored credentials are as safe as `ENCRYPTION_KEY`, deliveries as `WEBHOOK_SECRET_KEY`, sessions as `APP_SECRET_KEY`.',
    fix: '`hookwarden keys check` says which and what to do. A new installation takes keys of `hookwarden keys generate`.',
  },
  key_changed: {
    control: 'keys',
    what: "one of Automatisch's keys is another than the one that was pinned",
    why: 'With another `ENCRYPTION_KEY` no stored connection opens; with another `WEBHOOK_SECRET_KEY` senders are refused until each flow is published again.',
    fix: 'Put the old key back. If the change was meant: `hookwarden keys pin --again`.',
  },
  secret_shared: {
    control: 'least',
    what: 'several providers have one secret',
    why: 'Who holds it for one forges for the others. `WEBHOOK_SECRET_KEY`, which Automatisch itself gives to several, is not meant here.',
    fix: 'Give each provider a secret of its own at the sender.',
  },
  secret_in_clear: {
    control: 'least',
    what: 'a secret that one provider sends in clear signs for another',
    why: 'GitLab and Telegram show their secret in each request, so that whoever sees one can sign as GitHub or Typeform where those share it.',
    fix: 'Serve such senders by a URL of your own (`path:` and `to:`) with a secret of their own, or do without one of the two.',
  },
  secret_ended: {
    control: 'least',
    what: 'a secret whose time is over still stands in the map',
    why: 'It is not tried any more. That it is still there means that nobody finished the rotation, and that the old secret may still be where it was.',
    fix: 'Take the entry with the past `until` away, and the secret out of its store.',
  },
  provider_unsigned: {
    control: 'ingress',
    what: 'a provider proves nothing',
    why: 'Whoever knows the URL runs the flow. The map says why the sender cannot sign.',
    fix: 'Where its addresses are known, `allow_ips`; where its URL may carry a secret, `scheme: { alg: token, from: "query:NAME" }`. Otherwise accept it: `--ignore provider_unsigned:REASON`.',
  },
  provider_reports: {
    control: 'ingress',
    what: 'a provider is in report mode',
    why: 'What has no valid signature is counted and let through. That is for a trial.',
    fix: 'Look at `hookwarden_rejections_total{mode="report"}`; when it no longer moves, take `mode: report` away.',
  },
  body_limit: {
    control: 'ingress',
    what: 'a body limit is above what Automatisch takes',
    why: 'Automatisch answers more than 1 MiB with 413 after Hookwarden has held and hashed all of it.',
    fix: 'Take `limits.body` away, or lower it to `1MiB`.',
  },
  certificate_expiry: {
    control: 'ingress',
    what: 'a certificate has ended or ends within three weeks',
    why: 'Senders refuse the connection from that moment, and several do not try again.',
    fix: 'Renew it. Renewal by machine happens a month before the end, so this means that it failed.',
  },
  certificate_host: {
    control: 'ingress',
    what: 'no certificate is for the host of `public_url`',
    why: 'Senders compare the name that they call and refuse another.',
    fix: 'Get a certificate for that name, or mend `public_url`.',
  },
  certificate_chain: {
    control: 'ingress',
    what: 'a certificate comes without the one that signed it',
    why: 'Browsers fetch what is missing, senders do not: they refuse the connection.',
    fix: 'Put the whole chain into the file of `cert`, the own certificate first (`fullchain.pem`).',
  },
  container_root: {
    control: 'least',
    what: 'a container runs as root',
    why: 'Who breaks out of the process is root in the container, and one flaw of the kernel from the machine.',
    fix: '`user: "1000:1000"` in compose, with the volume owned by it; `runAsNonRoot: true` in Kubernetes.',
  },
  restart_missing: {
    control: 'ingress',
    what: 'a container is not started again when it ends',
    why: "Automatisch's processes end when Redis is away for a moment, and on one malformed request.",
    fix: '`restart: unless-stopped`.',
  },
  health_unchecked: {
    control: 'upgrades',
    what: 'nothing asks a container whether it is well',
    why: 'A worker that was told to stop stays, takes no work and looks alive; an upgrade that does not come up looks like one that did.',
    fix: 'A `healthcheck:` in compose, probes in Kubernetes. `main` answers `/healthcheck`, Hookwarden has `hookwarden health`.',
  },
  image_unpinned: {
    control: 'upgrades',
    what: 'an image is not pinned by its digest',
    why: 'A tag can be moved, `latest` moves by design, and a build on the machine is whatever was there that day: what was staged is not what runs.',
    fix: '`image: name:tag@sha256:…`, as `docker buildx imagetools inspect name:tag` shows it.',
  },
  release_behind: {
    control: 'upgrades',
    what: 'Automatisch is older than the release that `--latest` names',
    why: 'What newer releases mended is open here.',
    fix: 'Stage the newer release, send it regression deliveries, then promote it.',
  },
  seed_user: {
    control: 'least',
    what: 'Automatisch makes its first login with a password that everybody knows',
    why: 'On an empty database it makes `user@automatisch.io` with the password `sample`, an administrator.',
    fix: '`DISABLE_SEED_USER=true`; the first page of a new installation then asks for an administrator. On an old one change or delete that login; `--try-login` tells whether it still works.',
  },
  seed_login: {
    control: 'least',
    what: 'the login that everybody knows still works',
    why: '`user@automatisch.io` with the password `sample` is an administrator: all flows, all connections.',
    fix: 'Change its password or delete it, now. Sessions from before it stay good for two weeks all the same, so end them in the database: `update access_tokens set revoked_at = now()`. Then look through the users and flows that are there.',
  },
  queues_reachable: {
    control: 'ingress',
    what: 'the dashboard of the queues is on',
    why: 'It shows and repeats jobs: every delivery with body and headers.',
    fix: 'Take `ENABLE_BULLMQ_DASHBOARD` away, or keep `/admin/queues` to a private network.',
  },
  log_debug: {
    control: 'secrets',
    what: 'Automatisch logs whole requests',
    why: '`LOG_LEVEL=debug` writes payloads and headers, among them `WEBHOOK_SECRET_KEY` in clear, to wherever logs go.',
    fix: '`LOG_LEVEL=info`.',
  },
  clock_offset: {
    control: 'ingress',
    what: 'the clock is off by more than half a minute',
    why: 'Signed times are compared with it: genuine deliveries are refused as stale or from the future.',
    fix: 'Let a time service run on both machines (chrony, systemd-timesyncd).',
  },
} as const satisfies Readonly<Record<string, Rule>>

export type RuleId = keyof typeof RULES

/** Something that a rule found. */
export interface Finding {
  readonly rule: RuleId
  /** Where, as a person would name it: file and service, provider, path. */
  readonly where: string
  /** What exactly, where the rule alone does not say it. Never a secret. */
  readonly detail?: string
}
