import { execFileSync } from 'node:child_process'

/** The processes that the app with that data folder has launched, told by what they were started with. */
export const embeddedChildren = (dataDir: string) => {
  const pidOf = (name: string) => {
    const rows = execFileSync('ps', ['-A', '-ww', '-o', 'pid=,args='], { encoding: 'utf8' }).split('\n')
    const row = rows.find(line => line.includes(dataDir) && line.trim().split(/\s+/)[1]?.includes(name))
    if (!row) throw new Error(`there is no ${name} on ${dataDir}`)
    return Number.parseInt(row, 10)
  }
  return { dynamodb: () => pidOf('dynoxide'), redis: () => pidOf('redis-server') }
}
