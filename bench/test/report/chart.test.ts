import { expect, test } from 'vitest'
import { type Bar, svgOf } from '../../src/report/chart.ts'

function bar(label: string, median: number, range: Partial<Bar> = {}): Bar {
  return { label, median, min: median, max: median, isOurs: false, isDurable: true, ...range }
}

function chart(...bars: Bar[]): string {
  return svgOf({ name: 'pairs-1', heading: 'Pairs', unit: 'pairs/s', better: 'more', bars })
}

function widths(svg: string): number[] {
  const bars = svg.matchAll(/<rect x="330" .*?width="([\d.]+)"/g)
  return Array.from(bars, ([, width]) => Number(width))
}

test('bars are as long as their figures, and the longest leaves room for its own', () => {
  const [first = 0, second = 0] = widths(chart(bar('a', 100), bar('b', 50)))
  expect(first).toBe(second * 2)
  expect(330 + first).toBeLessThan(800)
})

test('the range of the longest bar is inside of the picture', () => {
  const svg = chart(bar('a', 100, { min: 80, max: 200 }))
  expect(widths(svg)).toEqual([219])
  expect(svg).toContain('<path d="M505.2 59H768"')
})

test('what was not measured has no bar', () => {
  const svg = chart(bar('a', Number.NaN), bar('b', 50))
  expect(widths(svg)).toHaveLength(1)
  expect(svg).toContain('>–<')
})

test('texts are texts, whatever they hold', () => {
  expect(chart(bar('a < b & c', 1))).toContain('a &lt; b &amp; c')
})
