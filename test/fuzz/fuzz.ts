/**
 * Fuzz: random cases against the oracle, from the command line.
 *
 *   npm run fuzz -- N [--seed S]     cases of seeds S … S + N − 1; prints the shrunk script of each failure
 *     --no-shrink                    prints the script as it is
 *     --nested                       queries in queries (nest.ts), asked of other engines, too
 *     --coverage                     only says which constructs the cases show, and which pairs of them none does
 */
import { parseArgs } from 'node:util'
import { seededRandom } from '../../src/base/index.ts'
import { scriptOf } from './case.ts'
import { check, setting } from './check.ts'
import { Coverage, constructNames } from './construct.ts'
import { connect } from './duckdb.ts'
import { generate } from './generate.ts'
import { nest } from './nest.ts'
import { shrink } from './shrink.ts'
import { compareAnswers } from './witness.ts'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    seed: { type: 'string', default: '1' },
    nested: { type: 'boolean', default: false },
    coverage: { type: 'boolean', default: false },
    'no-shrink': { type: 'boolean', default: false },
  },
})
const count = Number(positionals[0] ?? 100)
const first = Number(values.seed)

/** Writes how often each construct is met, the rarest first. */
function tellCoverage(): void {
  const coverage = new Coverage()
  for (let seed = first; seed < first + count; seed++) coverage.add(generate(seededRandom(seed)))
  for (const name of constructNames.toSorted((a, b) => coverage.share(a) - coverage.share(b)))
    process.stdout.write(`${(100 * coverage.share(name)).toFixed(1).padStart(6)} %  ${name}\n`)
  const { all, missing } = coverage.pairs()
  for (const pair of missing) process.stdout.write(`never  ${pair}\n`)
  const met = (100 * (1 - missing.length / all)).toFixed(1)
  process.stdout.write(`${count} cases show ${met} % of ${all} pairs of constructs\n`)
}

if (values.coverage) {
  tellCoverage()
  process.exit()
}

let failures = 0
let compared = 0
/** Views, each with its rows and how they are split. */
let triples = 0
const connection = values.nested ? await connect() : null
for (let seed = first; seed < first + count; seed++) {
  const random = seededRandom(seed)
  const one = values.nested ? nest(random) : generate(random)
  const how = setting(random)
  triples += one.views.length
  const complaint = await check(one, how)
  if (complaint === null && connection !== null) {
    const told = await compareAnswers(connection, one)
    compared += told.compared
    if (told.complaint === null) continue
    failures++
    process.stdout.write(`seed ${seed}\n${scriptOf(one)}${told.complaint}\n\n`)
  }
  if (complaint === null) continue
  failures++
  const small = values['no-shrink'] ? one : await shrink(one, how, complaint)
  const again = values['no-shrink'] ? complaint : await check(small, how)
  process.stdout.write(`seed ${seed} ${JSON.stringify(how)}\n${scriptOf(small)}${again}\n\n`)
}
process.stdout.write(
  `${count} cases with ${triples} triples, ${failures} failures, ${compared} answers compared with other engines'\n`,
)
process.exitCode = failures > 0 ? 1 : 0
