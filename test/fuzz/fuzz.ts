/**
 * Fuzz: random cases against the oracle, from the command line.
 *
 *   npm run fuzz -- N [--seed S]     cases of seeds S … S + N − 1; prints the shrunk script of each failure
 */
import { parseArgs } from 'node:util'
import { seededRandom } from '../../src/base/index.ts'
import { scriptOf } from './case.ts'
import { check, setting } from './check.ts'
import { generate } from './generate.ts'
import { shrink } from './shrink.ts'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    seed: { type: 'string', default: '1' },
    'no-shrink': { type: 'boolean', default: false },
  },
})
const count = Number(positionals[0] ?? 100)
const first = Number(values.seed)
let failures = 0
for (let seed = first; seed < first + count; seed++) {
  const random = seededRandom(seed)
  const one = generate(random)
  const how = setting(random)
  const complaint = await check(one, how)
  if (complaint === null) continue
  failures++
  const small = values['no-shrink'] ? one : await shrink(one, how, complaint)
  const again = values['no-shrink'] ? complaint : await check(small, how)
  process.stdout.write(`seed ${seed} ${JSON.stringify(how)}\n${scriptOf(small)}${again}\n\n`)
}
process.stdout.write(`${count} cases, ${failures} failures\n`)
process.exitCode = failures > 0 ? 1 : 0
