import { expect, test } from '@jest/globals'
import fc from 'fast-check'
import { createPresent } from '../src/lib/present.ts'

test('what is present is what came and did not leave, as in a Set', () => {
  const visit = fc.record({ leaves: fc.boolean(), which: fc.nat() })
  fc.assert(
    fc.property(fc.array(visit, { maxLength: 200 }), visits => {
      const present = createPresent<{ number: number }>()
      const model = new Map<{ number: number }, () => void>()
      for (const [number, { leaves, which }] of visits.entries()) {
        const gone = [...model].at(which % Math.max(model.size, 1))
        if (leaves && gone) {
          gone[1]()
          model.delete(gone[0])
        } else {
          const thing = { number }
          model.set(thing, present.add(thing))
        }
        expect(new Set(present.all())).toEqual(new Set(model.keys()))
      }
    }),
  )
})
