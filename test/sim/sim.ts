/**
 * Sim: seeds of the simulated disk, from the command line.
 *
 *   npm run sim -- --seeds N [--seed S]     seeds S … S + N − 1; stops at the first that fails, and prints it
 *   npm run sim -- --canaries               which seed finds each of the bugs that are planted
 */
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { Store } from '../../src/log/index.ts'
import { canaries, canaryFolder, planted } from './canary.ts'
import { playStore } from './store-run.ts'

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '1000' },
    seed: { type: 'string', default: '1' },
    canaries: { type: 'boolean', default: false },
  },
})
const first = Number(values.seed)
const count = Number(values.seeds)

/** Says which seed finds each planted bug, and what it says. */
async function tellCanaries(): Promise<void> {
  const folder = canaryFolder()
  for (const [at, canary] of canaries.entries()) {
    const Store = await planted(canary, join(folder, String(at)))
    let told = `not found by seeds ${first} to ${first + count - 1}`
    for (let seed = first; seed < first + count; seed++) {
      const fault = await playStore(Store, seed).then(() => null, String)
      if (fault === null) continue
      told = `seed ${seed}: ${fault.slice(0, 100)}`
      break
    }
    process.stdout.write(`${canary.name}: ${told}\n`)
  }
  rmSync(folder, { recursive: true })
}

if (values.canaries) {
  await tellCanaries()
  process.exit()
}
let crashes = 0
for (let seed = first; seed < first + count; seed++) {
  try {
    crashes += (await playStore(Store, seed)).crashes
  } catch (fault) {
    process.stdout.write(`seed ${seed}: ${fault instanceof Error ? fault.stack : String(fault)}\n`)
    process.exit(1)
  }
}
process.stdout.write(`${count} seeds, ${crashes} crashes: nothing lost, nothing twice\n`)
