import { existsSync, readFileSync } from 'node:fs'
import { describe, expect, test } from '@jest/globals'
import { ASVS_LEVELS } from './support/asvs-levels.ts'

const at = (path: string) => new URL(`../${path}`, import.meta.url)
const read = (path: string) => readFileSync(at(path), 'utf8')

const DOCUMENT = read('docs/asvs.md')

/** What level 2 asks for, level 1 included, in its order: requirement and level. */
const ASKED = Object.entries(ASVS_LEVELS).flatMap(([section, levels]) =>
  levels.flatMap((level, index) => (level < 3 ? [[`${section}.${index + 1}`, level] as const] : [])),
)

const inOrder = (numbers: Iterable<string>) =>
  [...numbers].sort((one, other) => one.localeCompare(other, 'en', { numeric: true }))

/** The rows of the chapters' tables. */
const ROWS = [...DOCUMENT.matchAll(/^\| \*\*([\d.]+)\*\* \| (\d) \|.*\| ([^|]+) \|$/gm)].map(
  ([, number = '', level, shown = '']) => ({ number, level: Number(level), shown }),
)

const TEST = String.raw`(?:infra/)?test/[\w/.-]+\.ts`
const STORY = new RegExp(`\`(${TEST})\` “([^”]+)”`, 'g')

/** One reason why a row may say that something is met, or not. */
const GROUND = new RegExp(
  `^(\`${TEST}\` “[^”]+”|(By construction|Documented) \\((\`[^\`]+\`(, )?)+\\)|Deviation( in part \\([^)]+\\))?)$`,
)

describe('docs/asvs.md', () => {
  test('has each requirement of level 2 once, and no other', () => {
    const named = [...DOCUMENT.matchAll(/\*\*(\d+\.\d+\.\d+)\*\*/g)].map(([, number = '']) => number)
    // 70 of level 1 and 183 of level 2, as in the file that the list is made from.
    expect(ASKED).toHaveLength(253)
    expect(inOrder(named)).toEqual(inOrder(ASKED.map(([number]) => number)))
  })

  test('gives each the level that it has', () => {
    const levels = new Map<string, number>(ASKED)
    expect(ROWS.length).toBeGreaterThan(150)
    for (const { number, level } of ROWS) expect([number, level]).toEqual([number, levels.get(number)])
  })

  test('has a ground for whatever it says, which is a story, a file or a deviation', () => {
    const lines = DOCUMENT.split('\n').filter(line => /\*\*\d+\.\d+\.\d+\*\*/.test(line))
    const reasons = lines.filter(line => /^- \*\*[^:]+\*\*: .{15,}/.test(line))
    expect(lines.length).toBe(ROWS.length + reasons.length)
    for (const { number, shown } of ROWS)
      for (const ground of shown.split('; '))
        expect([number, ground]).toEqual([number, expect.stringMatching(GROUND)])
  })

  test('names stories that are told', () => {
    const stories = [...DOCUMENT.matchAll(STORY)]
    expect(stories.length).toBeGreaterThan(150)
    const untold = stories.filter(([, file = '', title = '']) => {
      if (!existsSync(at(file))) return true
      const text = read(file)
      return !["'", '"', '`'].some(quote => text.includes(quote + title + quote))
    })
    expect(untold.map(([story]) => story)).toEqual([])
  })

  test.each(['docs/asvs.md', 'docs/security-inventories.md'])('%s names files that are there', document => {
    const named = [...read(document).matchAll(/`([\w./-]+)`/g)].map(([, path = '']) => path)
    const ours = named.filter(path =>
      /^(\.ci|ami|docs|infra|scripts|src|test|userdata)\/|^[\w-]+\.(json|md)$|^\.dockerignore$/.test(path),
    )
    expect(ours.length).toBeGreaterThan(10)
    expect(ours.filter(path => !existsSync(at(path)))).toEqual([])
  })

  test('lists every deviation at its head', () => {
    const [head = ''] = DOCUMENT.split('\n## ')
    const listed = [...head.matchAll(/^\| (\d[\d., ]+) \|/gm)].flatMap(([, numbers = '']) =>
      numbers.split(', '),
    )
    const deviating = ROWS.filter(({ shown }) => shown.includes('Deviation')).map(({ number }) => number)
    expect(inOrder(listed)).toEqual(inOrder(deviating))
  })

  test('is found by whoever looks for it', () => {
    for (const document of ['README.md', 'SECURITY.md']) expect(read(document)).toContain('(docs/asvs.md)')
  })
})
