import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { Validator } from '@seriousme/openapi-schema-validator'
import type { Router } from 'express'
import { z } from 'zod'
import { createApp, routesOf } from '../src/app.ts'
import { templateOf } from '../src/http/openapi.ts'
import { ProblemDetails } from '../src/http/problem.ts'
import { startApp, type TestApp } from './support/app.ts'
import { exchange } from './support/exchange.ts'
import { type Described, type Document, fetchDocument, operationsOf } from './support/openapi-checker.ts'
import { expectProblem } from './support/problems.ts'

/** What is meant for everybody. Whatever is added asks for a token unless it is put here on purpose. */
const PUBLIC = [
  'GET /',
  'GET /files/{file_id}',
  'GET /files/{file_id}/content',
  'GET /files/{file_id}/thumbnail',
  'GET /health',
  'GET /openapi.json',
  'GET /posts',
  'GET /posts/trending',
  'GET /posts/{post_id}',
  'GET /posts/{post_id}/comments',
  'GET /posts/{post_id}/likes',
  'GET /ready',
  'GET /users/{user_id}',
  'GET /users/{user_id}/followers',
  'GET /users/{user_id}/following',
  'GET /users/{user_id}/posts',
  'POST /auth/email/verify',
  'POST /auth/login',
  'POST /auth/password/forgot',
  'POST /auth/password/reset',
  'POST /auth/refresh',
  'POST /auth/register',
  'POST /files/{file_id}/url',
  'POST /posts/{post_id}/views',
]

const UNKNOWN_ID = '019ab0c2-7d5e-7c41-9a57-3d1f0c8b2e60'

describe('the OpenAPI document', () => {
  let app: TestApp
  let document: Document
  let operations: Described[]

  beforeAll(async () => {
    app = await startApp()
    document = await fetchDocument(app)
    operations = operationsOf(document)
  })
  afterAll(() => app.close())

  const call = ({ method, template }: Described, headers: Record<string, string> = {}) =>
    exchange(app.url, { method, path: template.replaceAll(/\{\w+\}/g, UNKNOWN_ID), headers })

  /** What the app validates with, next to what it says of it. */
  const withSpecs = () => {
    const specs = new Map(
      routesOf(app.context).map(({ spec }) => [`${spec.method} ${templateOf(spec.path)}`, spec]),
    )
    return operations.map(operation => {
      const spec = specs.get(`${operation.method.toLowerCase()} ${operation.template}`)
      if (!spec) throw new Error(`${operation.operationId} is nowhere in the app`)
      return { operation, spec, name: operation.operationId }
    })
  }

  test('is valid OpenAPI 3.1', async () => {
    const served = await (await fetch(`${app.url}/openapi.json`)).json()
    const validator = new Validator()
    expect(await validator.validate(z.record(z.string(), z.unknown()).parse(served))).toEqual({ valid: true })
    expect(validator.version).toBe('3.1')
    // Throws where a reference leads nowhere.
    expect(JSON.stringify(validator.resolveRefs())).not.toContain('"$ref"')
  })

  test('has the same operations as the router', async () => {
    const mounted = (layers: Router['stack']): string[] =>
      layers.flatMap(({ route, handle }) => {
        if (route) {
          const methods = route.stack.map(({ method }) => method).filter(method => method !== undefined)
          return [...new Set(methods)].map(method => `${method.toUpperCase()} ${templateOf(route.path)}`)
        }
        return 'stack' in handle && Array.isArray(handle.stack) ? mounted(handle.stack) : []
      })
    const inRouter = mounted(createApp(app.context).router.stack).sort()
    expect(inRouter.length).toBeGreaterThan(15)
    expect(operations.map(({ method, template }) => `${method} ${template}`).sort()).toEqual(inRouter)
  })

  test('names each operation once and says what it does', () => {
    const ids = operations.map(({ operationId }) => operationId)
    expect(new Set(ids).size).toBe(ids.length)
    for (const { operationId, summary } of operations) {
      expect(operationId).toMatch(/^[a-z][A-Za-z]+$/)
      expect(summary.length).toBeGreaterThan(3)
    }
  })

  test('puts each operation under one heading, and says what is there', () => {
    const headings = document.tags.map(({ name }) => name)
    expect(new Set(operations.flatMap(({ tags }) => tags))).toEqual(new Set(headings))
    for (const { operationId, tags } of operations)
      expect([operationId, tags.length]).toEqual([operationId, 1])
  })

  test('names each parameter of a path, and asks for it', () => {
    for (const { template, parameters } of operations) {
      const inPath = parameters.filter(parameter => parameter.in === 'path')
      expect(inPath.map(({ name }) => `{${name}}`)).toEqual(template.match(/\{\w+\}/g) ?? [])
      expect(inPath.every(({ required }) => required)).toBe(true)
    }
  })

  test('leaves nothing open that is not meant to be', () => {
    const open = operations.filter(({ security }) => JSON.stringify(security) !== '[{"bearer":[]}]')
    expect(open.map(({ method, template }) => `${method} ${template}`).sort()).toEqual(PUBLIC)
  })

  test('says who needs a token, as it is', async () => {
    expect(document.components.securitySchemes.bearer).toMatchObject({ type: 'http', scheme: 'bearer' })
    for (const operation of operations) {
      const { security } = operation
      const needed = JSON.stringify(security) === '[{"bearer":[]}]'
      const taken = security.some(scheme => scheme.bearer)
      const without = await call(operation)
      const withGarbage = await call(operation, { Authorization: 'Bearer garbage' })
      const is401 = [without.status === 401, withGarbage.status === 401]
      expect([operation.operationId, ...is401]).toEqual([operation.operationId, needed, taken])
      if (needed) expectProblem(without, { status: 401, code: 'unauthorized' })
    }
  })

  const takes = ({ parameters }: Described, place: 'path' | 'query') =>
    parameters.some(parameter => parameter.in === place)

  const problemsOf = (operation: Described) =>
    [
      ['400', '500', '503'],
      operation.security.length > 0 ? ['401'] : [],
      operation.requestBody ? ['413', '415', '422'] : [],
      takes(operation, 'path') ? ['404'] : [],
      takes(operation, 'query') ? ['422'] : [],
    ].flat()

  test('tells of the problems that follow from what an operation takes', () => {
    for (const { operation, spec, name } of withSpecs()) {
      const expected = problemsOf(operation)
      const told = Object.keys(operation.responses)
      expect([name, told]).toEqual([name, expect.arrayContaining(expected)])
      const successes = [spec.status, ...Object.keys(spec.otherReplies ?? {}), ...(spec.sends ? [206] : [])]
      const good = (statuses: string[]) => statuses.filter(status => status.startsWith('2')).sort()
      expect([name, good(told)]).toEqual([name, good(successes.map(String))])
    }
    for (const [name, response] of Object.entries(document.components.responses)) {
      expect([name, Object.keys(response.content ?? {})]).toEqual([name, ['application/problem+json']])
    }
  })

  test('tells what can be sent, and of ranges where bytes come back', () => {
    for (const { operation, spec, name } of withSpecs()) {
      const types = [spec.body && 'application/json', ...Object.keys(spec.reads ?? {})].filter(Boolean)
      expect([name, Object.keys(operation.requestBody?.content ?? {})]).toEqual([name, types])
      if (!spec.sends) continue
      expect([name, Object.keys(operation.responses)]).toEqual([
        name,
        expect.arrayContaining(['206', '304', '416']),
      ])
    }
  })

  /** Where the document should show something, what it shows there, and what that must pass. */
  const shown = () =>
    withSpecs().flatMap(({ operation, spec, name }) => {
      const replies = [[spec.status, spec.reply] as const, ...Object.entries(spec.otherReplies ?? {})]
      return [
        {
          place: `${name} request`,
          media: operation.requestBody?.content['application/json'],
          schema: spec.body ?? spec.reads?.['application/json'],
        },
        ...replies.map(([status, schema]) => {
          const response = operation.responses[status]
          const content = response && 'content' in response ? response.content : undefined
          return { place: `${name} ${status}`, media: content?.['application/json'], schema }
        }),
      ]
    })

  test('shows what to send and what comes back, by examples that would pass', () => {
    for (const { place, media, schema } of shown()) {
      expect([place, media !== undefined]).toEqual([place, schema !== undefined])
      if (schema) expect([place, schema.safeParse(media?.example).error]).toEqual([place, undefined])
    }
    expect(shown().filter(({ schema }) => schema).length).toBeGreaterThan(15)
    const examples = z.array(ProblemDetails).parse(document.components.schemas.Problem?.examples)
    expect(examples).not.toEqual([])
  })

  test('examples can be sent as they stand', async () => {
    const headers = { 'Content-Type': 'application/json' }
    const send = (path: string, body: unknown, token = '') =>
      exchange(app.url, {
        method: 'POST',
        path,
        headers: { ...headers, ...(token && { Authorization: `Bearer ${token}` }) },
        body: JSON.stringify(body),
      })
    const exampleOf = (id: string) =>
      operations.find(({ operationId }) => operationId === id)?.requestBody?.content['application/json']
        ?.example
    expect((await send('/auth/register', exampleOf('postAuthRegister'))).status).toBe(201)
    const login = await send('/auth/login', exampleOf('postAuthLogin'))
    expect(login.status).toBe(200)
    const { token } = JSON.parse(login.text)
    const posted = await send('/posts', exampleOf('postPosts'), token)
    expect(posted.status).toBe(201)
    const { post } = JSON.parse(posted.text)
    const comments = `/posts/${post.post_id}/comments`
    expect((await send(comments, exampleOf('postPostsPostIdComments'), token)).status).toBe(201)
    expect((await send('/files/upload', exampleOf('postFilesUpload'), token)).status).toBe(201)
    expect((await send('/files/uploads', exampleOf('postFilesUploads'), token)).status).toBe(201)
    expect((await send('/auth/password', exampleOf('postAuthPassword'), token)).status).toBe(204)
  })
})
