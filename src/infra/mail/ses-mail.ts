import { SESv2Client, type SESv2ClientConfig, SendEmailCommand } from '@aws-sdk/client-sesv2'
import { NodeHttpHandler } from '@smithy/node-http-handler'
import { unavailable } from '../../lib/errors.ts'
import type { Mail } from './mail.ts'

export interface SesMailOptions {
  region: string
  /** Of another server that speaks SES v2; the region's own endpoint when left out. */
  endpoint?: string | undefined
  /** `ann@example.com` or `Ann <ann@example.com>`, verified with SES. */
  from: string
  /** The SDK's own chain of providers when left out. */
  credentials?: SESv2ClientConfig['credentials']
}

const UTF8 = 'UTF-8'

/** Mail through Amazon SES (API v2, `SendEmail`). It takes a message over; whether it arrives is told elsewhere. */
export const createSesMail = ({ region, endpoint, from, credentials }: SesMailOptions): Mail => {
  const client = new SESv2Client({
    region,
    ...(endpoint !== undefined && { endpoint }),
    ...(credentials !== undefined && { credentials }),
    maxAttempts: 2,
    requestHandler: new NodeHttpHandler({
      connectionTimeout: 2000,
      requestTimeout: 10_000,
      throwOnRequestTimeout: true,
    }),
  })
  return {
    async send({ to, subject, text }) {
      const command = new SendEmailCommand({
        FromEmailAddress: from,
        Destination: { ToAddresses: [to] },
        Content: {
          Simple: {
            Subject: { Data: subject, Charset: UTF8 },
            Body: { Text: { Data: text, Charset: UTF8 } },
          },
        },
      })
      try {
        await client.send(command)
      } catch (error) {
        // Also a refusal: an identity that is not verified yet, a quota. Somebody can mend that while it is tried again.
        const why = error instanceof Error ? `${error.name}: ${error.message}` : 'no answer'
        throw unavailable(`SES did not take the mail over (${why}).`, 1, error)
      }
    },
    close: () => client.destroy(),
  }
}
