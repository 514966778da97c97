/** Each planted bug is found by the simulation, within the seeds that CI plays. */
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { canaries, canaryFolder, planted } from './canary.ts'
import { playStore } from './store-run.ts'

/** Seeds of this test, which stay the same: a bug that was found once is found again. */
const most = 2000
let folder = ''
beforeAll(() => {
  folder = canaryFolder()
})
afterAll(() => rmSync(folder, { recursive: true }))

describe('a planted bug is found', () => {
  test.each(canaries.map((canary) => [canary.name, canary] as const))('%s', async (_, canary) => {
    const Store = await planted(canary, join(folder, String(canaries.indexOf(canary))))
    let found: number | null = null
    for (let seed = 1; seed <= most && found === null; seed++) {
      await playStore(Store, seed).catch(() => {
        found = seed
      })
    }
    expect(found, `seeds 1 to ${most} find it`).not.toBeNull()
  })
})
