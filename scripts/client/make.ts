import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import openapiTS, { astToString, type OpenAPI3 } from 'openapi-typescript'
import ts from 'typescript'
import { routesOf } from '../../src/app.ts'
import { readConfig } from '../../src/config.ts'
import { createContext } from '../../src/context.ts'
import { openApiDocument } from '../../src/http/openapi.ts'

/**
 * Makes `client/schema.ts`, the types of the API, out of its OpenAPI document: that of the sources, or with `--from
 * URL` the one that is served there. With `--check` it only tells, by its exit code, whether the file is as it would
 * be made.
 */
const FILE = new URL('../../client/schema.ts', import.meta.url)
const HEADING = '// Made from the OpenAPI document by `npm run client`; not edited by hand.\n\n'

/** The routes want services, and services backends: embedded ones, on state that is thrown away. */
const ownDocument = async () => {
  const state = await mkdtemp(join(tmpdir(), 'plaza-client-'))
  try {
    const config = readConfig({ DATA_DIR: state, LOG_LEVEL: 'silent' })
    const context = await createContext(config)
    const specs = routesOf(context).map(({ spec }) => spec)
    await context.close()
    return openApiDocument(specs, context.version)
  } finally {
    await rm(state, { recursive: true, force: true })
  }
}

/** The examples are for readers of the reference: here they would be most of the file. */
const withoutExamples = (document: unknown): OpenAPI3 =>
  JSON.parse(JSON.stringify(document, (key, value) => (key === 'example' ? undefined : value)))

/** Bytes are sent as a Blob, which strings would be by default. */
const blob = ts.factory.createTypeReferenceNode('Blob')

const { values } = parseArgs({ options: { from: { type: 'string' }, check: { type: 'boolean' } } })
const document = values.from === undefined ? await ownDocument() : await (await fetch(values.from)).json()
const types = await openapiTS(withoutExamples(document), {
  alphabetize: true,
  // What has a default can be left out.
  defaultNonNullable: false,
  transform: ({ format }) => (format === 'binary' ? blob : undefined),
})
const made = HEADING + astToString(types)

if (!values.check) await writeFile(FILE, made)
else if (made !== (await readFile(FILE, 'utf8'))) {
  process.stderr.write('client/schema.ts is not what the API is: run `npm run client`\n')
  process.exitCode = 1
}
