import t from 'tap'
import { CLEAN } from '../../../src/reasons.ts'
import { bindVerifier } from '../../../src/verify/bind.ts'
import { COLLECTION } from './collection.ts'
import { compiled, judge, key, type Sent } from './support.ts'

/** One delivery with the signature that its sender published. */
interface Published extends Sent {
  /** A scheme of the collection. */
  readonly scheme: string
  /** The page it is from. */
  readonly source: string
  readonly secret: string
  readonly publicUrl?: string
  /** One change that has to be refused. */
  readonly forged: Partial<Sent>
}

const BOX =
  '{"type":"webhook_event","webhook":{"id":"1234567890"},"trigger":"FILE.UPLOADED","source":{"id":"1234567890","type":"file","name":"Test.txt"}}'
const BOX_TIME = ['BOX-DELIVERY-TIMESTAMP', '2020-01-01T00:00:00-07:00'] as const
const HUBSPOT = 'yyyyyyyy-yyyy-yyyy-yyyy-yyyyyyyyyyyy'
const CREATED =
  '[{"eventId":1,"subscriptionId":12345,"portalId":62515,"occurredAt":1564113600000,"subscriptionType":"contact.creation","attemptNumber":0,"objectId":123,"changeSource":"CRM","changeFlag":"NEW","appId":54321}]'

/** Adyen's example item; the page writes no `originalReference`, which is signed as nothing. */
const adyen = (value: string) =>
  `{"live":"false","notificationItems":[{"NotificationRequestItem":{"additionalData":{"hmacSignature":"coqCmt/IZ4E3CzPvMY8zTjQVL5hYJUiBRg8UU+iCWo0="},"amount":{"value":${value},"currency":"EUR"},"pspReference":"7914073381342284","eventCode":"AUTHORISATION","merchantAccountCode":"TestMerchant","merchantReference":"TestPayment-1407325143704","success":"true"}}]}`

const PUBLISHED: readonly Published[] = [
  {
    scheme: 'twilio',
    source: '"Validating requests are coming from Twilio", Twilio Docs',
    secret: '12345',
    publicUrl: 'https://mycompany.com',
    target: '/myapp.php?foo=1&bar=2',
    headers: [['X-Twilio-Signature', 'RSOYDt4T1cUTdK1PDd93/VVr8B8=']],
    body: 'Digits=1234&To=%2B18005551212&From=%2B14158675309&Caller=%2B14158675309&CallSid=CA1234567890ABCDE',
    forged: { target: '/myapp.php?foo=1&bar=3' },
  },
  {
    scheme: 'box',
    source: '"Handle V2 webhooks", Box Developer Documentation',
    secret: 'SamplePrimaryKey',
    now: Date.UTC(2020, 0, 1, 7),
    headers: [
      BOX_TIME,
      ['BOX-SIGNATURE-PRIMARY', '6TfeAW3A1PASkgboxxA5yqHNKOwFyMWuEXny/FPD5hI='],
      ['BOX-SIGNATURE-SECONDARY', 'v+1CD1Jdo3muIcbpv5lxxgPglOqMfsNHPV899xWYydo='],
    ],
    body: BOX,
    forged: { body: BOX.replace('Test', 'Text') },
  },
  {
    scheme: 'box',
    source: '"Handle V2 webhooks", Box Developer Documentation',
    secret: 'SampleSecondaryKey',
    now: Date.UTC(2020, 0, 1, 7),
    headers: [
      BOX_TIME,
      ['BOX-SIGNATURE-SECONDARY', 'v+1CD1Jdo3muIcbpv5lxxgPglOqMfsNHPV899xWYydo='],
    ],
    body: BOX,
    forged: { body: `${BOX} ` },
  },
  {
    scheme: 'hubspot-v1',
    source: '"v1 request validation", HubSpot developer documentation',
    secret: HUBSPOT,
    headers: [
      ['X-HubSpot-Signature', '232db2615f3d666fe21a8ec971ac7b5402d33b9a925784df3ca654d05f4817de'],
    ],
    body: CREATED,
    forged: { body: CREATED.replace('NEW', 'OLD') },
  },
  {
    scheme: 'hubspot-v2',
    source: '"v2 request validation", HubSpot developer documentation',
    secret: HUBSPOT,
    publicUrl: 'https://www.example.com',
    method: 'GET',
    target: '/webhook_uri',
    headers: [
      ['X-HubSpot-Signature', 'eee2dddcc73c94d699f5e395f4b9d454a069a6855fbfa152e91e88823087200e'],
    ],
    forged: { method: 'POST' },
  },
  {
    scheme: 'hubspot-v2',
    source: '"v2 request validation", HubSpot developer documentation',
    secret: HUBSPOT,
    publicUrl: 'https://www.example.com',
    target: '/webhook_uri',
    headers: [
      ['X-HubSpot-Signature', '9569219f8ba981ffa6f6f16aa0f48637d35d728c7e4d93d0d52efaa512af7900'],
    ],
    body: '{"example_field":"example_value"}',
    forged: { target: '/webhook_uri?' },
  },
  {
    scheme: 'circleci',
    source: '"Validate webhooks", CircleCI Docs',
    secret: 'another-secret',
    headers: [
      ['circleci-signature', 'v1=daa220016c8f29a8b214fbfc3671aeec2145cfb1e6790184ffb38b6d0425fa00'],
    ],
    body: 'lalala',
    forged: { body: 'lalalo' },
  },
  {
    scheme: 'adyen',
    source: '"Verify HMAC signatures", Adyen Docs',
    secret: '44782DEF547AAA06C910C43932B1EB0C71FC68D9D0C057550C48EC2ACF6BA056',
    headers: [],
    body: adyen('1130'),
    forged: { body: adyen('1130.0') },
  },
]

t.test('every published signature is clean, and not with one thing changed', async t => {
  for (const { scheme, secret, publicUrl, source, forged, ...sent } of PUBLISHED) {
    const found = COLLECTION[scheme]
    if (found === undefined) throw new Error(scheme)
    const verifier = bindVerifier(compiled(found, { publicUrl }), [key(secret)])
    t.equal(judge(verifier, sent).verdict, CLEAN, `${scheme}, ${source}`)
    t.equal(judge(verifier, { ...sent, ...forged }).verdict, 'signature_mismatch', 'forged')
  }
})
