import t from 'tap'
import { confirmationUrl, isCertificateUrl, snsHost } from '../../../src/verify/sns-urls.ts'

const TOPIC = 'arn:aws:sns:eu-central-1:123456789012:hooks'
const HOST = 'sns.eu-central-1.amazonaws.com'

t.test('a topic says which host speaks for it', async t => {
  const hosts: readonly [string, string | undefined][] = [
    [TOPIC, HOST],
    ['arn:aws:sns:us-east-1:123456789012:a_B-9', 'sns.us-east-1.amazonaws.com'],
    ['arn:aws:sns:ap-southeast-12:123456789012:a', 'sns.ap-southeast-12.amazonaws.com'],
    ['arn:aws-us-gov:sns:us-gov-west-1:123456789012:a', 'sns.us-gov-west-1.amazonaws.com'],
    ['arn:aws-cn:sns:cn-north-1:123456789012:a', 'sns.cn-north-1.amazonaws.com.cn'],
    ['arn:aws:sns:cn-north-1:123456789012:a', undefined],
    ['arn:aws-cn:sns:eu-central-1:123456789012:a', undefined],
    ['arn:aws:sqs:eu-central-1:123456789012:a', undefined],
    ['arn:aws:sns:eu-central-1.evil.example/:123456789012:a', undefined],
    ['arn:aws:sns:evil.example/-1:123456789012:a', undefined],
    ['arn:aws:sns::123456789012:a', undefined],
    ['arn:aws:sns:eu-central-1:1234:a', undefined],
    ['arn:aws:sns:eu-central-1:123456789012:', undefined],
    ['arn:aws:sns:eu-central-1:123456789012:a b', undefined],
    [`${TOPIC}\n`, undefined],
    [` ${TOPIC}`, undefined],
    ['', undefined],
  ]
  for (const [topic, host] of hosts) t.equal(snsHost(topic), host, JSON.stringify(topic))
})

t.test('only a certificate of that very host is one', async t => {
  const name = 'SimpleNotificationService-f3ecfb7224c7233fe7bb5f59f96de52f.pem'
  t.ok(isCertificateUrl(`https://${HOST}/${name}`, HOST))
  const others = [
    `http://${HOST}/${name}`,
    `HTTPS://${HOST}/${name}`,
    `https://sns.us-east-1.amazonaws.com/${name}`,
    `https://SNS.eu-central-1.amazonaws.com/${name}`,
    `https://${HOST}.evil.example/${name}`,
    `https://${HOST}.cn/${name}`,
    `https://evil.example/${HOST}/${name}`,
    `https://evil.example#${HOST}/${name}`,
    `https://evil.example?${HOST}/${name}`,
    `https://${HOST}@evil.example/${name}`,
    `https://evil.example@${HOST}/${name}`,
    `https://${HOST}:8443/${name}`,
    `https://${HOST}:443/${name}`,
    `https://${HOST}./${name}`,
    `https://${HOST}\\@evil.example/${name}`,
    `https://sns-eu-central-1.amazonaws.com/${name}`,
    `https://snsXeu-central-1.amazonaws.com/${name}`,
    `https://sns.eu-central-1.amazonaws.com.evil.example/${name}`,
    `https://sns.eu-central-1.amazonaws\u3002com/${name}`,
    `https://${HOST}//${name}`,
    `https://${HOST}/a/${name}`,
    `https://${HOST}/../${name}`,
    `https://${HOST}/%2e%2e/${name}`,
    `https://${HOST}/${name}?x=1`,
    `https://${HOST}/${name}#x`,
    `https://${HOST}/${name}/`,
    `https://${HOST}/?Action=ConfirmSubscription&x=.pem`,
    `https://${HOST}/.pem`,
    `https://${HOST}/a.pem.html`,
    `https://${HOST}/${'a'.repeat(129)}.pem`,
    `https://${HOST}/a.pem\n`,
    ` https://${HOST}/${name}`,
    `https://${HOST}/`,
    '',
  ]
  for (const url of others) t.notOk(isCertificateUrl(url, HOST), JSON.stringify(url))
})

const TOKEN = '2336412f37fb687f5d51e6e2425929f52bc9aa'
const query = (topic = TOPIC, token = TOKEN) =>
  `Action=ConfirmSubscription&TopicArn=${topic}&Token=${token}`

t.test('a confirmation is written anew, for the topic of the map alone', async t => {
  const written = `https://${HOST}/?${query(encodeURIComponent(TOPIC))}`
  t.equal(confirmationUrl(`https://${HOST}/?${query()}`, TOPIC), written)
  t.equal(confirmationUrl(written, TOPIC), written)
  const more = `https://${HOST}/?Token=${TOKEN}&TopicArn=${TOPIC}&Action=ConfirmSubscription&Extra=1#x`
  t.equal(confirmationUrl(more, TOPIC), written, 'nothing else is taken over')
  const others = [
    `https://${HOST}.evil.example/?${query()}`,
    `https://evil.example/?${query()}`,
    `https://${HOST}@evil.example/?${query()}`,
    `http://${HOST}/?${query()}`,
    `https://${HOST}:444/?${query()}`,
    `https://${HOST}/x?${query()}`,
    `https://${HOST}/?${query('arn:aws:sns:eu-central-1:123456789012:other')}`,
    `https://${HOST}/?${query(TOPIC, 'short')}`,
    `https://${HOST}/?${query(TOPIC, `${TOKEN}%26Action%3DPublish`)}`,
    `https://${HOST}/?${query(TOPIC, 'a'.repeat(1025))}`,
    `https://${HOST}/?${query()}&Action=Publish`,
    `https://${HOST}/?${query()}&Token=${TOKEN}`,
    `https://${HOST}/?${query().replace('ConfirmSubscription', 'Unsubscribe')}`,
    `https://${HOST}/`,
    '',
  ]
  for (const url of others) t.equal(confirmationUrl(url, TOPIC), undefined, url)
  t.equal(confirmationUrl(`https://${HOST}/?${query()}`, 'hooks'), undefined, 'no ARN, no host')
})
