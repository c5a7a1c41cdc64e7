/**
 * One GET every so often, whether or not the one before has been answered: what waits in a queue is seen.
 * Takes `{ url, headers, rate, seconds }` as JSON; prints the times until the last byte, in ms, as JSON.
 */
import { Agent, get } from 'node:http'

const { url, headers, rate, seconds } = JSON.parse(process.argv[2] ?? '{}')
const agent = new Agent({ keepAlive: true })
const times: number[] = []
let failed = 0

const once = () =>
  new Promise<void>(resolve => {
    const begun = performance.now()
    get(url, { agent, headers }, res => {
      res.resume().on('end', () => {
        if (res.statusCode === 200) times.push(performance.now() - begun)
        else failed++
        resolve()
      })
    }).on('error', () => {
      failed++
      resolve()
    })
  })

const sent: Promise<void>[] = []
const begun = performance.now()
await new Promise<void>(resolve => {
  const timer = setInterval(() => {
    const elapsed = performance.now() - begun
    while (sent.length < Math.min(elapsed / 1000, seconds) * rate) sent.push(once())
    if (elapsed < seconds * 1000) return
    clearInterval(timer)
    resolve()
  }, 1)
})
await Promise.all(sent)
agent.destroy()
process.stdout.write(JSON.stringify({ times, failed }))
