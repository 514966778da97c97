/**
 * Sim: seeds of the simulated disk, from the command line.
 *
 *   npm run sim -- --seeds N [--seed S]     seeds S … S + N − 1; stops at the first that fails, and prints it
 */
import { parseArgs } from 'node:util'
import { Store } from '../../src/log/index.ts'
import { playStore } from './store-run.ts'

const { values } = parseArgs({
  options: { seeds: { type: 'string', default: '1000' }, seed: { type: 'string', default: '1' } },
})
const first = Number(values.seed)
const count = Number(values.seeds)
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
