/** bcrypt and nothing else, as many at once as there are cores: prints how many comparisons a second it does. */
import { availableParallelism } from 'node:os'
import bcrypt from 'bcrypt'

const seconds = Number(process.argv[2])
const hash = await bcrypt.hash('a password of some length', 10)
const begun = performance.now()
let done = 0
await Promise.all(
  Array.from({ length: availableParallelism() }, async () => {
    for (; performance.now() - begun < seconds * 1000; done++)
      await bcrypt.compare('a password of some length', hash)
  }),
)
process.stdout.write(String(done / ((performance.now() - begun) / 1000)))
