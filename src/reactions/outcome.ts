import { refusals } from '../infra/dynamo/write.ts'

/**
 * What became of a write: `raced` when the row is not (any more) what it was taken for, `refused` when its post is
 * gone or not for this viewer.
 */
export type Outcome = 'done' | 'raced' | 'refused'

/** Of a transaction whose first write is the row and whose second one are the post's counts. */
export const committed = async (work: Promise<void>): Promise<Outcome> => {
  const failed = await refusals(work)
  if (failed.length === 0) return 'done'
  return failed.includes(1) ? 'refused' : 'raced'
}
