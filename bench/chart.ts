import { type Result, SIGN, verdict } from './result.ts'

const WIDTH = 760
const LABELS = 400
const ROW = 30
const TOP = 40
/** What a bar may reach, as a multiple of the target. */
const MOST = 2.5

const COLOURS = { met: '#2f9e44', missed: '#e8590c', 'too noisy': '#868e96' }

const escaped = (text: string) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;')

/** How a ratio stands to its target: 1 is just met, more is better, whichever way it goes. */
const reached = ({ ratio, target }: Result) =>
  target.at === 'least' ? ratio.median / target.ratio : target.ratio / ratio.median

/** One bar for each result, as long as it is good, and a line where the target is. */
export const chart = (results: readonly Result[]): string => {
  const scale = (WIDTH - LABELS - 60) / MOST
  const height = TOP + results.length * ROW + 10
  const line = LABELS + scale
  const bars = results.map((result, at) => {
    const y = TOP + at * ROW
    const length = Math.max(2, Math.min(reached(result), MOST) * scale)
    const { id, what, ratio, target } = result
    const figure = `${ratio.median.toFixed(2)} (${SIGN[target.at]} ${target.ratio})`
    return [
      `<text x="${LABELS - 8}" y="${y + 15}" text-anchor="end">${escaped(`#${id} ${what}`)}</text>`,
      `<rect x="${LABELS}" y="${y + 3}" width="${length.toFixed(1)}" height="${ROW - 12}" rx="2" fill="${COLOURS[verdict(result)]}"/>`,
      `<text x="${LABELS + 6}" y="${y + 16}" fill="#fff">${escaped(figure)}</text>`,
    ].join('\n')
  })
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" font-family="sans-serif" font-size="11" fill="#495057">
<title>Plaza held against others: how each ratio stands to its target</title>
<rect width="${WIDTH}" height="${height}" fill="#fff"/>
<text x="${line}" y="20" text-anchor="middle">target</text>
<line x1="${line}" y1="26" x2="${line}" y2="${height - 6}" stroke="#495057" stroke-dasharray="3 3"/>
${bars.join('\n')}
</svg>
`
}
