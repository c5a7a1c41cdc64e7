import { readdirSync, readFileSync } from 'node:fs'
import { setPriority } from 'node:os'

const THREADS = '/proc/self/task'
const NICE = 10

/**
 * Has the threads of libuv's pool, on which bcrypt works, give way to the one that answers requests: where there are no
 * more cores than hashes in work, whoever reads would wait for a time slice of theirs. On Linux a thread has a niceness
 * of its own (setpriority(2), "C library/kernel differences"); elsewhere this does nothing.
 */
export const letPoolThreadsYield = (): void => {
  if (process.platform !== 'linux') return
  try {
    for (const thread of readdirSync(THREADS)) {
      const name = readFileSync(`${THREADS}/${thread}/comm`, 'utf8').trim()
      if (name === 'libuv-worker') setPriority(Number(thread), NICE)
    }
  } catch {
    // Without /proc, or not allowed to: it is as it was.
  }
}
