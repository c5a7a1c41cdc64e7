import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { writeFileSync } from 'node:fs'

/**
 * Preloaded into a service: from its first request on it measures how long a turn of its event loop is at the most,
 * and keeps that, in ms, in the file that LOOP_WATCH names.
 *
 * What is measured is the CPU that the thread has used from one turn to the next, not the time that has passed: on a
 * machine that others use too a turn of one millisecond may take a hundred of them, and that is no fault of the
 * service. A timer is looked at once a turn, so that between two of them there is never less than a whole one.
 */
const EVERY_MS = 5

const watch = (file: string) => {
  let before = process.threadCpuUsage()
  let longest = 0
  setInterval(() => {
    const { user, system } = process.threadCpuUsage(before)
    const turn = (user + system) / 1000
    if (turn > longest) {
      longest = turn
      writeFileSync(file, String(longest))
    }
    before = process.threadCpuUsage()
  }, EVERY_MS).unref()
}

const onRequest = () => {
  unsubscribe('http.server.request.start', onRequest)
  watch(process.env.LOOP_WATCH ?? '')
}
subscribe('http.server.request.start', onRequest)
