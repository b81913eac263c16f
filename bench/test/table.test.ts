import { expect, test } from 'vitest'
import { figure, markdownTable, textTable } from '../src/table.ts'

const table = {
  head: ['', 'pairs/s', 'durable'],
  rows: [
    ['Redis', '74,000', 'yes'],
    ['a|b', '9', 'no'],
  ],
}

test('a text table puts names to the left and figures to the right of their columns', () => {
  expect(textTable(table).split('\n')).toEqual([
    '       pairs/s  durable',
    '-----  -------  -------',
    'Redis   74,000      yes',
    'a|b          9       no',
  ])
})

test('a Markdown table aligns figures to the right and escapes bars', () => {
  expect(markdownTable(table).split('\n')).toEqual([
    '|       | pairs/s | durable |',
    '| ----- | ------: | ------: |',
    '| Redis |  74,000 |     yes |',
    '| a\\|b  |       9 |      no |',
  ])
})

test('a figure shows about three digits that count, and a dash when there is none', () => {
  expect([0.123, 8.421, 74.05, 431.7].map(figure)).toEqual(['0.12', '8.42', '74.0', '432'])
  expect([1_234, 74_123, 1_098_765].map(figure)).toEqual(['1,230', '74,100', '1,100,000'])
  expect([null, Number.NaN].map(figure)).toEqual(['–', '–'])
})
