/**
 * Bars for one table, as an SVG that stands by itself.
 */
import { figure } from '../table.ts'

export interface Bar {
  readonly label: string
  /** NaN when nothing was measured. */
  readonly median: number
  readonly min: number
  readonly max: number
  /** Ours stand out. */
  readonly isOurs: boolean
  /** What is not durable is pale. */
  readonly isDurable: boolean
}

export interface Chart {
  /** Of the file. */
  readonly name: string
  readonly heading: string
  readonly unit: string
  readonly better: 'more' | 'less'
  readonly bars: readonly Bar[]
}

const [WIDTH, LABELS, FIGURES, MARGIN] = [860, 330, 80, 12]
const [HEAD, ROW, BAR] = [52, 24, 14]
const [OURS, THEIRS, INK, PAPER] = ['#1f6feb', '#8c959f', '#1f2328', '#ffffff']

export function svgOf({ heading, unit, better, bars }: Chart): string {
  const most = Math.max(...bars.flatMap(({ median, max }) => [median, max]).filter(Number.isFinite))
  const scale = (WIDTH - LABELS - FIGURES - MARGIN) / most
  const height = HEAD + bars.length * ROW + MARGIN
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${height}" viewBox="0 0 ${WIDTH} ${height}" font-family="sans-serif" font-size="13" fill="${INK}">`,
    `<rect width="${WIDTH}" height="${height}" fill="${PAPER}"/>`,
    `<text x="${MARGIN}" y="22" font-weight="bold">${escaped(heading)}</text>`,
    `<text x="${MARGIN}" y="40" font-size="12">${escaped(unit)}, ${better} is better; pale: not durable</text>`,
    ...bars.flatMap((bar, at) => rowOf(bar, HEAD + at * ROW, scale)),
    '</svg>',
    '',
  ].join('\n')
}

function rowOf(bar: Bar, top: number, scale: number): string[] {
  const { label, median, isOurs, isDurable } = bar
  const baseline = top + BAR - 2
  const name = `<text x="${LABELS - 8}" y="${baseline}" text-anchor="end">${escaped(label)}</text>`
  if (!Number.isFinite(median)) return [name, `<text x="${LABELS}" y="${baseline}">–</text>`]
  const [min, max] = [bar.min * scale, bar.max * scale]
  const end = LABELS + Math.max(median * scale, max)
  return [
    name,
    `<rect x="${LABELS}" y="${top}" width="${round(median * scale)}" height="${BAR}" fill="${isOurs ? OURS : THEIRS}"${isDurable ? '' : ' fill-opacity="0.4"'}/>`,
    `<path d="M${round(LABELS + min)} ${top + BAR / 2}H${round(LABELS + max)}" stroke="${INK}"/>`,
    `<text x="${round(end + 6)}" y="${baseline}">${figure(median)}</text>`,
  ]
}

function round(pixels: number): number {
  return Math.round(pixels * 10) / 10
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;')
}
