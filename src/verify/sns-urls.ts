import { queryValue } from './query.ts'

const TOPIC =
  /^arn:(?<partition>aws|aws-cn|aws-us-gov):sns:(?<region>[a-z]{2,5}(?:-[a-z]{2,16}){1,3}-\d{1,2}):\d{12}:[\w-]{1,256}$/
const CERTIFICATE = /^[\w-]{1,128}\.pem$/
const TOKEN = /^[0-9A-Za-z]{16,1024}$/

/**
 * The one host that speaks for a topic of Amazon SNS: that of its region, which the map names. Undefined for what is no
 * ARN of a topic. No delivery has a say in it, so no name that only looks like Amazon's is ever asked.
 *
 * @see "Amazon SNS endpoints and quotas", AWS General Reference
 */
export function snsHost(topicArn: string): string | undefined {
  const { partition, region } = TOPIC.exec(topicArn)?.groups ?? {}
  if (region === undefined || region.startsWith('cn-') !== (partition === 'aws-cn'))
    return undefined
  return `sns.${region}.amazonaws.com${partition === 'aws-cn' ? '.cn' : ''}`
}

/** Whether a URL is one of a certificate at that host: compared as text, so that no reading of URLs can be fooled. */
export function isCertificateUrl(url: string, host: string): boolean {
  const before = `https://${host}/`
  return url.startsWith(before) && CERTIFICATE.test(url.slice(before.length))
}

/**
 * The URL that confirms a subscription to the topic, written anew of the values that matter; undefined where the one
 * in the message is of another host, does anything else, or is for another topic.
 */
export function confirmationUrl(url: string, topicArn: string): string | undefined {
  const host = snsHost(topicArn)
  const before = `https://${host}/?`
  if (host === undefined || !url.startsWith(before)) return undefined
  const query = url.slice(before.length)
  const token = queryValue(query, 'Token')
  const confirms = queryValue(query, 'Action') === 'ConfirmSubscription'
  if (!confirms || queryValue(query, 'TopicArn') !== topicArn) return undefined
  if (typeof token !== 'string' || !TOKEN.test(token)) return undefined
  const topic = encodeURIComponent(topicArn)
  return `${before}Action=ConfirmSubscription&TopicArn=${topic}&Token=${token}`
}
