import { withoutDeadline } from '../../lib/deadline.ts'
import { newId } from '../../lib/ids.ts'
import type { Dynamo } from './dynamo.ts'
import { change } from './expressions.ts'
import type { TableSpec } from './tables.ts'
import { held, type Write } from './write.ts'

export const idempotencyKeysTable: TableSpec = {
  name: 'IdempotencyKeys',
  partitionKey: 'key_hash',
  timeToLive: 'expires_at',
}

/** What was given for a request that went through. */
interface Outcome {
  /** The body of the reply, as it was sent. */
  reply: string
  /** What the request was about, where that cannot be told before all of it has come. */
  content?: string | undefined
}

interface Row extends Partial<Outcome> {
  key_hash: string
  /** The same key stands for the same request only. */
  request_hash: string
  /** Whoever holds it may have the effect. Gone once the effect is there. */
  lease?: string
  /** Unix ms. */
  lease_until?: number
  /** Unix time in seconds. DynamoDB takes rows away some time after that, so that it is asked for. */
  expires_at: number
}

/** The right to have the effect that a key stands for. */
export interface Claim {
  /**
   * The write that says that the effect is there, for the transaction that has it. It is refused with ClaimLost when
   * somebody else holds the claim by now, and with it the effect: so there is one at most, whoever is too slow.
   */
  done(outcome: Outcome): Write
  /** Gives it back where nothing came of it. Does nothing once the effect is there. */
  release(): Promise<void>
  /** It is not renewed any more; who would have it waits until its lease is over. */
  leave(): void
}

export class ClaimLost extends Error {}

export interface Claims {
  /** `running`: somebody else is at it. `reused`: the key stands for another request. */
  take(keyHash: string, requestHash: string): Promise<Claim | Outcome | 'running' | 'reused'>
}

export interface ClaimOptions {
  /** How long after its last sign of life others may take over a claim, in ms. */
  leaseMs?: number
}

/** For how long an outcome is known, in seconds. */
const KEPT_SECONDS = 86_400
const LEASE_MS = 10_000
const TRIES = 3

const seconds = () => Math.floor(Date.now() / 1000)

/**
 * Who may have an effect that is to be there once, over all instances: a row for each key, claimed by a condition under
 * a lease that is renewed as long as its holder lives, and settled in the transaction of the effect itself.
 */
export const createClaims = (dynamo: Dynamo, { leaseMs = LEASE_MS }: ClaimOptions = {}): Claims => {
  const { name } = idempotencyKeysTable

  const terms = () => ({ lease_until: Date.now() + leaseMs, expires_at: seconds() + KEPT_SECONDS })

  /** An update that only the holder of a lease may make. */
  const holding = (key_hash: string, lease: string, expression: ReturnType<typeof change>) => ({
    Key: { key_hash },
    ...expression,
    ConditionExpression: 'lease = :mine',
    ExpressionAttributeValues: { ...expression.ExpressionAttributeValues, ':mine': lease },
  })

  const claimOf = (key_hash: string, lease: string): Claim => {
    const renewal = setInterval(() => {
      // Whether it worked is asked when it matters: by the condition of the effect.
      withoutDeadline(() => dynamo.update(name, holding(key_hash, lease, change(terms())))).catch(() => {})
    }, leaseMs / 3).unref()
    return {
      done: ({ reply, content = null }: { reply: string; content?: string | null | undefined }) => {
        const { expires_at } = terms()
        const settled = change({ reply, content, lease: null, lease_until: null, expires_at })
        return {
          item: { Update: { TableName: dynamo.table(name), ...holding(key_hash, lease, settled) } },
          refused: () => new ClaimLost('somebody else holds the claim by now'),
        }
      },
      async release() {
        const condition = {
          ConditionExpression: 'lease = :mine',
          ExpressionAttributeValues: { ':mine': lease },
        }
        await held(dynamo.remove(name, { Key: { key_hash }, ...condition }))
      },
      leave: () => clearInterval(renewal),
    }
  }

  /** False when it is somebody else's, or settled. */
  const claim = (key_hash: string, request_hash: string, lease: string) => {
    const expression = change({ request_hash, lease, ...terms(), reply: null, content: null })
    return held(
      dynamo.update(name, {
        Key: { key_hash },
        ...expression,
        ConditionExpression:
          'attribute_not_exists(key_hash) OR expires_at <= :now OR (request_hash = :same AND lease_until <= :over)',
        ExpressionAttributeValues: {
          ...expression.ExpressionAttributeValues,
          ':now': seconds(),
          ':same': request_hash,
          ':over': Date.now(),
        },
      }),
    )
  }

  /** What there is to be said of a row that cannot be had; undefined where it may be by now. */
  const judged = (row: Row, request_hash: string): Outcome | 'running' | 'reused' | undefined => {
    if (row.expires_at <= seconds()) return undefined
    if (row.request_hash !== request_hash) return 'reused'
    if (row.reply !== undefined) return { reply: row.reply, content: row.content }
    return (row.lease_until ?? 0) > Date.now() ? 'running' : undefined
  }

  return {
    async take(key_hash, request_hash) {
      const lease = newId()
      for (let attempt = 0; attempt < TRIES; attempt++) {
        if (await claim(key_hash, request_hash, lease)) return claimOf(key_hash, lease)
        const row = await dynamo.get<Row>(name, { key_hash })
        // The answer to the claim was lost, and the SDK has asked again.
        if (row?.lease === lease) return claimOf(key_hash, lease)
        const judgement = row && judged(row, request_hash)
        if (judgement) return judgement
      }
      return 'running'
    },
  }
}
