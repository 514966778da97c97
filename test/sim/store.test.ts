/** The log on a simulated disk: nothing that was acknowledged is lost, nothing stands there in part, damage is told. */
import { describe, expect, test } from 'vitest'
import { Store } from '../../src/log/index.ts'
import { commitSeed } from '../seed.ts'
import { isFull, sized } from '../size.ts'
import { type Letter, playStore, spellStore } from './store-run.ts'

const seeds = sized(300, 10_000)
const first = commitSeed('store')
const shares = 4

describe('a log on a disk that crashes and fails', () => {
  test.each(Array.from({ length: shares }, (_, share) => share))(
    'seeds, part %i',
    async (share) => {
      for (let seed = first + share; seed < first + seeds; seed += shares) {
        const { trace } = await playStore(Store, seed).catch((fault) => {
          throw new Error(`npm run sim -- --seeds 1 --seed ${seed}`, { cause: fault })
        })
        if (seed % 20 === 0)
          expect((await playStore(Store, seed)).trace, `seed ${seed}`).toBe(trace)
      }
    },
  )
})

describe('every state that a crash may leave', () => {
  const letters: readonly Letter[] = ['row', 'change', 'cycle', 'wait']
  const longer = (words: Letter[][]) =>
    words.flatMap((word) => letters.map((letter) => [...word, letter]))
  const one = longer([[]])
  const [two, three] = [longer(one), longer(longer(one))]
  const words = [...one, ...two, ...three, ...(isFull ? longer(three) : [])]

  test('of workloads of a few frames', { timeout: 600_000 }, async () => {
    let states = 0
    for (const word of words) states += await spellStore(Store, word)
    expect(states).toBeGreaterThan(1000)
  })
})
