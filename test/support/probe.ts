/** Loaded into a process before its own code: on SIGUSR2 it collects garbage and tells what is left, on stderr. */
process.on('SIGUSR2', () => {
  globalThis.gc?.()
  const inherited: string[] = []
  for (const name in {}) inherited.push(name)
  const { rss, heapUsed } = process.memoryUsage()
  const probed = { resident: rss / 1e6, heap: heapUsed / 1e6, inherited }
  process.stderr.write(`${JSON.stringify({ probed })}\n`)
})
