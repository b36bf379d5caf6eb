import type { Millis } from '../units.ts'

/** One cause that explaining can tell. */
interface FindingRow {
  /** Also the title of its page in `docs/findings/`. */
  readonly says: string
  /** What to do, in one sentence; the page says more. */
  readonly fix: string
}

/** What anybody can bring about; all else takes a signature of the sender. */
export const ANYBODYS = ['unexplained', 'header_missing', 'wrong_preset'] as const

/** Every cause there is, by its stable code. A row comes with a page in `docs/findings/` and a test that prepares it. */
export const FINDINGS = {
  secret_newline: {
    says: 'a line end too many or too few in the secret',
    fix: 'store the secret without a line end: `printf %s`, not `echo`; `file:` drops exactly one',
  },
  secret_space: {
    says: 'a blank too many or too few around the secret',
    fix: 'copy the secret again without the blank, here or at the sender',
  },
  secret_quotes: {
    says: 'quotes around the secret are taken as part of it',
    fix: 'remove the quotes: `docker --env-file` and secret files keep them',
  },
  secret_prefix: {
    says: 'a prefix of the secret was kept or dropped wrongly',
    fix: 'store the secret exactly as this sender shows it, prefix included',
  },
  secret_base64_decoded: {
    says: 'the sender uses what the secret decodes to from base64',
    fix: "store the secret decoded once, or decode it in the scheme: `key: '{secret|unbase64}'`",
  },
  secret_base64_text: {
    says: 'the sender uses the text of the secret, not what base64 decodes it to',
    fix: "take `unbase64` out of the scheme's `key`, or use the preset of this sender",
  },
  secret_hex_decoded: {
    says: 'the sender uses what the secret decodes to from hexadecimal',
    fix: "decode it in the scheme: `key: '{secret|unhex}'`, or use the preset of this sender",
  },
  secret_hex_text: {
    says: 'the sender uses the text of the secret, not what hexadecimal decodes it to',
    fix: "take `unhex` out of the scheme's `key`, or use the preset of this sender",
  },
  secret_stored_decoded: {
    says: 'the secret was decoded before it was stored here',
    fix: 'store the text that the sender shows, not the bytes it decodes to',
  },
  secret_of_other_provider: {
    says: 'signed with the secret of another provider of the map',
    fix: 'give each provider the secret of its own sender, or send to the path of that provider',
  },
  secret_expired: {
    says: 'signed with a secret whose `until` has passed',
    fix: 'move the sender to the current secret, or move `until` while it still uses the old one',
  },
  secret_unusable: {
    says: 'the provider has no secret or key that can be used',
    fix: 'set the reference; `hookwarden check` shows what is wrong with it',
  },
  hash_mixed_up: {
    says: 'the signature is made with another hash',
    fix: 'name that hash in `alg`, or use the preset of this sender',
  },
  encoding_mixed_up: {
    says: 'the signature is written in another encoding',
    fix: 'set `encoding`, or use the preset of this sender',
  },
  prefix_missing: {
    says: 'the signature comes without the prefix that the scheme expects',
    fix: 'take the prefix out of `items`, or find out what removed it on the way',
  },
  prefix_unexpected: {
    says: 'the signature comes with a prefix that the scheme does not expect',
    fix: 'write the prefix into `items`, or find out what added it on the way',
  },
  body_line_ends: {
    says: 'line ends in the body were changed on the way',
    fix: 'let the body pass as bytes: no text mode, no copy through an editor',
  },
  body_bom: {
    says: 'a byte order mark was put before the body, or taken away',
    fix: 'let the body pass as bytes: something rewrites it as text',
  },
  body_final_newline: {
    says: 'a line end was added at the end of the body, or taken away',
    fix: 'let the body pass as bytes; with curl use `--data-binary`, not `--data`',
  },
  body_reserialised: {
    says: 'the JSON of the body was read and written anew on the way',
    fix: 'let the body pass as bytes: a gateway, a function or a framework parses it first',
  },
  body_charset: {
    says: 'the body was converted between UTF-8 and Latin-1 on the way',
    fix: 'let the body pass as bytes: something converts its character set',
  },
  body_inflated: {
    says: 'the body was decompressed on the way, and its sender signed it compressed',
    fix: 'switch decompression off in the proxy in front',
  },
  body_compressed: {
    says: 'the body arrives compressed, and its sender signed it plain',
    fix: 'switch compression of requests off at the sender or the proxy in front',
  },
  timestamp_unit: {
    says: 'the signed time is written in another unit than the scheme says',
    fix: "set `unit` under the scheme's `timestamp`, or use the preset of this sender",
  },
  clock_off: {
    says: 'the signature is right and its time is not',
    fix: 'set the clocks by NTP; if the delivery waited somewhere, let it be sent anew',
  },
  url_scheme: {
    says: 'the sender signed http where public_url says https, or the reverse',
    fix: 'set `public_url` to what the sender calls',
  },
  url_host: {
    says: 'the sender signed another host than that of public_url',
    fix: 'set `public_url` to what the sender calls',
  },
  url_port: {
    says: 'the sender signed another port than that of public_url',
    fix: 'set `public_url` to what the sender calls, with its port if it names one',
  },
  url_path: {
    says: 'the sender signed another path or query than the one that arrives',
    fix: 'let the path pass unchanged through what stands in front, down to the last slash',
  },
  header_renamed: {
    says: 'a proxy renamed a header that the signature needs',
    fix: 'let the header pass under its own name',
  },
  header_missing: {
    says: 'a header that the signature needs is not there',
    fix: 'see that the sender signs (a secret is set there) and that no proxy drops the header',
  },
  header_repeated: {
    says: 'a header that the signature needs comes twice',
    fix: 'find the proxy that adds it a second time',
  },
  wrong_preset: {
    says: 'the delivery is signed as another preset has it',
    fix: 'name that preset in the entry, or send to the path of the right provider',
  },
  unexplained: {
    says: 'nothing that was tried makes it verify',
    fix: 'copy the secret again from the sender; if it is right, this is a forgery',
  },
} as const satisfies Record<string, FindingRow>

export type FindingCode = keyof typeof FINDINGS

/** A cause that was found. */
export interface Finding {
  readonly code: FindingCode
  /** What it is in this case, in one sentence: never a signature, nor a byte of a secret. */
  readonly detail: string
  /** Where only the time is wrong: signed time less our own. */
  readonly skew?: Millis
}
