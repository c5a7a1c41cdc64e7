import { describe, test } from '@jest/globals'

/**
 * For stories that take half a minute or more: they are told on CI, and elsewhere when asked for
 * (`CI=true npm test`), so that everybody else's `npm test` stays short. The global setup says so.
 */
export const describeHeavy = process.env.CI ? describe : describe.skip

/** The same for a single story of seconds among short ones. */
export const testHeavy = process.env.CI ? test : test.skip

/**
 * How often a story repeats what each time may go another way (a race, made-up input): in full on CI, and elsewhere
 * as often as shows that it works at all.
 */
export const rounds = (onCi: number, elsewhere: number) => (process.env.CI ? onCi : elsewhere)
