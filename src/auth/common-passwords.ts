import { dictionary } from '@zxcvbn-ts/language-common'
import { hasLength } from '../lib/fields.ts'

/** NIST SP 800-63B-4, 3.1.1.2: as many as a guesser gets through before the limits on log-ins stop them, and no more. */
const REFUSED = 3000

/** As the list is written. Whoever tries `password` tries `Password` and full-width letters next. */
const folded = (password: string) => password.normalize('NFKC').toLowerCase()

// The list is in order of frequency. What is too short to be a password here is not among the 3,000.
const commonest: ReadonlySet<string> = new Set(
  dictionary['passwords-common'].filter(password => hasLength(password, 8, 256)).slice(0, REFUSED),
)

/** One of the commonest passwords as a whole, whatever the case and the Unicode form of its letters. */
export const isCommonPassword = (password: string): boolean =>
  hasLength(password, 8, 256) && commonest.has(folded(password))

/** What everybody knows of an account here. Whoever guesses `password1` guesses `plaza2026` (OWASP ASVS 5.0, 6.2.11). */
const CONTEXT_WORDS = /plaza/g

/** Has the length of a password also without the words that stand for this service. */
export const outlastsContext = (password: string): boolean =>
  hasLength(folded(password).replaceAll(CONTEXT_WORDS, ''), 8, Number.MAX_SAFE_INTEGER)
