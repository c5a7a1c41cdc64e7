import { exchange } from './exchange.ts'

type Labels = Record<string, string>

interface Sample {
  name: string
  labels: Labels
  value: number
}

const LINE = /^(\w+)(?:\{(.*)\})? (\S+)$/

const labelsOf = (text = ''): Labels =>
  Object.fromEntries([...text.matchAll(/(\w+)="([^"]*)"/g)].map(([, name, value]) => [name, value]))

/** One scrape, as a Prometheus server would do it. */
export const scrape = async (adminUrl: string) => {
  const { status, text } = await exchange(adminUrl, { method: 'GET', path: '/metrics' })
  if (status !== 200) throw new Error(`/metrics answered ${status}`)
  const samples = text.split('\n').flatMap((line): Sample[] => {
    const [, name, labels, value] = LINE.exec(line) ?? []
    return name === undefined ? [] : [{ name, labels: labelsOf(labels), value: Number(value) }]
  })
  const all = (name: string, labels: Labels = {}) =>
    samples.filter(
      sample =>
        sample.name === name && Object.entries(labels).every(([key, value]) => sample.labels[key] === value),
    )
  return {
    text,
    samples,
    all,
    /** The sum of all series that have these labels; undefined when there is none. */
    value(name: string, labels: Labels = {}) {
      const found = all(name, labels)
      return found.length === 0 ? undefined : found.reduce((sum, sample) => sum + sample.value, 0)
    },
  }
}
