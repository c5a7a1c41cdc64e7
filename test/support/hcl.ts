import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'

type Parse = (name: string, text: string) => Promise<unknown>

// Required, not imported: its types bring those of browsers into everything else.
const { parse } = createRequire(import.meta.url)('@cdktf/hcl2json') as { parse: Parse }

/** A file of HashiCorp's language as JSON: blocks become objects by type and label, in arrays. @throws when it is none */
export const readHcl = (path: string): Promise<unknown> => parse(path, readFileSync(path, 'utf8'))
