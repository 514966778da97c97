/**
 * Coverage: random cases meet every construct, and nearly every two of them together.
 */
import { existsSync } from 'node:fs'
import { expect, test } from 'vitest'
import { seededRandom } from '../../src/base/index.ts'
import { commitSeed } from '../seed.ts'
import { isFull } from '../size.ts'
import { Coverage, constructNames, driven } from './construct.ts'
import { generate } from './generate.ts'

test.runIf(isFull)(
  'every construct is met by one case in five hundred, and nine in ten pairs',
  { timeout: 600_000 },
  () => {
    const first = commitSeed('fuzz')
    const coverage = new Coverage()
    for (let at = 0; at < 6000; at++) coverage.add(generate(seededRandom(first + at)))
    expect(constructNames.filter((name) => coverage.share(name) < 0.002)).toEqual([])
    const { all, missing } = coverage.pairs()
    expect(missing.length / all, missing.join('\n')).toBeLessThan(0.1)
  },
)

test('what random cases leave to other tests has these tests', () => {
  expect(Object.values(driven).filter((path) => !existsSync(path))).toEqual([])
})
