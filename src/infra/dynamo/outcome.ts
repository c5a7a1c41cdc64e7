import { refusals } from './write.ts'

/**
 * What became of a row that is counted elsewhere: `raced` when it is not (any more) what it was taken for, `refused`
 * when what it is counted at is gone or out of the viewer's reach.
 */
export type Outcome = 'done' | 'raced' | 'refused'

/** Of a transaction whose first write is the row and whose second one are the counts. */
export const outcomeOf = async (work: Promise<void>): Promise<Outcome> => {
  const failed = await refusals(work)
  if (failed.length === 0) return 'done'
  return failed.includes(1) ? 'refused' : 'raced'
}
