import { readFileSync } from 'node:fs'

/** One of the project's own files, by its path from the project's root. */
export const file = (path: string) => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8')
