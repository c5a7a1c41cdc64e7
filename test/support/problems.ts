import { expect } from '@jest/globals'
import type { z } from 'zod'
import { ProblemDetails } from '../../src/http/problem.ts'
import type { Reply } from './exchange.ts'

/** Holds a reply against everything that is promised of a problem, and returns its body. */
export const expectProblem = (
  { status, headers, text }: Reply,
  expected: { status: number; code: string },
): z.infer<typeof ProblemDetails> => {
  const problem = ProblemDetails.parse(JSON.parse(text))
  expect({ status, inBody: problem.status, code: problem.code }).toEqual({
    status: expected.status,
    inBody: expected.status,
    code: expected.code,
  })
  expect(problem.type).toBe(`urn:plaza:problem:${expected.code}`)
  expect([problem.title, problem.detail, problem.error]).not.toContain('')
  expect(headers.get('content-type')).toBe('application/problem+json')
  expect(headers.get('cache-control')).toBe('no-store')
  expect(headers.get('x-request-id')).toBe(problem.request_id)
  return problem
}
