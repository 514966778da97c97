/** Explain: the kinds of change that a plan is said to give are those that come; drawings are graphs. */
import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { QueryMistake } from '../../src/base/index.ts'
import { adviceOn, changelogOf, explainDot, explainSteps } from '../../src/plan/explain.ts'
import { lower, type PhysicalPlan, rewrite } from '../../src/plan/index.ts'
import { readScript } from '../script/format.ts'
import { scriptName, scriptPaths } from '../script/scripts.ts'
import { bound, planOf } from './fixture.ts'
import { Names } from './names.ts'

const kindOf = { '+I': 'I', '-U': 'UB', '+U': 'UA', '-D': 'D' } as const

const scripts = scriptPaths().map((path) => [scriptName(path), path] as const)

/** Plans of the views and subscriptions of a script by lower-case name, and the ops that it expects of each. */
function told(path: string) {
  const names = new Names()
  const plans = new Map<string, PhysicalPlan>()
  const ops = new Map<string, Set<string>>()
  for (const step of readScript(readFileSync(path, 'utf8'))) {
    if (step.kind === 'expect') {
      const seen = ops.get(step.name.toLowerCase()) ?? new Set()
      for (const [op] of step.table.rows) seen.add(op!)
      ops.set(step.name.toLowerCase(), seen)
    }
    if (step.kind !== 'sql' && step.kind !== 'subscribe') continue
    const text = step.kind === 'sql' ? step.text : `SUBSCRIBE (${step.text.replace(/;\s*$/, '')})`
    try {
      for (const one of names.run(text)) {
        if (one.kind !== 'create-materialized' && one.kind !== 'subscribe') continue
        const name =
          step.kind === 'subscribe' ? step.name : 'relation' in one ? one.relation.name : ''
        const { plan } = rewrite(one.query.plan, { disabled: new Set() })
        plans.set(name.toLowerCase(), lower(plan, 'continuous'))
      }
    } catch (error) {
      if (!(error instanceof QueryMistake)) throw error
    }
  }
  return { plans, ops }
}

describe('only changes of the kinds that CHANGELOG_MODE tells come in', () => {
  test.each(scripts)('%s', (_, path) => {
    const { plans, ops } = told(path)
    for (const [name, seen] of ops) {
      const plan = plans.get(name)
      if (plan === undefined) continue
      const kinds: readonly string[] = changelogOf(plan)
      for (const op of seen) expect(kinds).toContain(kindOf[op as '+I'])
    }
  })
})

const physical = (text: string): PhysicalPlan => {
  const { plan, mode } = planOf(bound(text))
  return lower(plan, mode)
}

test('every node of a drawing stands once, and every edge leads from one to another', () => {
  const text = explainDot(
    physical(
      "select p.name, b.price from bid b join person p on b.auction = p.id where url = '\"\\'",
    ),
    { changelog: true, columns: true },
    'Sink  out',
  )
  const nodes = [...text.matchAll(/^ {2}(\w+) \[label = "(?:[^"\\]|\\.)*"\]$/gm)].map(
    ([, id]) => id!,
  )
  const edges = [...text.matchAll(/^ {2}(\w+) -> (\w+)$/gm)].map(([, from, to]) => [from!, to!])
  expect(new Set(nodes).size).toBe(nodes.length)
  expect(edges).toHaveLength(nodes.length - 1)
  for (const end of edges.flat()) expect(nodes).toContain(end)
  expect(text.split('\n')).toHaveLength(nodes.length + edges.length + 4)
})

describe('steps', () => {
  const steps = (text: string) => {
    const { plan, mode } = planOf(bound(text))
    return explainSteps(plan, { disabled: new Set() }, mode)
  }

  test('name the rule and tell what went and what came', () => {
    expect(steps('select k from plain where v > 1 + 1')).toEqual([
      'bound',
      '    Project  k',
      '      Filter  (v > (1 + 1))',
      '        Scan  plain (k, v, ok, d, i, at)',
      '1. fold-constants',
      '    Project  k',
      '  -   Filter  (v > (1 + 1))',
      '  +   Filter  (v > 2)',
      '        Scan  plain (k, v, ok, d, i, at)',
      '2. prune-columns',
      '    Project  k',
      '      Filter  (v > 2)',
      '  -     Scan  plain (k, v, ok, d, i, at)',
      '  +     Scan  plain (k, v)',
    ])
  })

  test('are none where no rule changes anything', () => {
    expect(steps('values (1)').at(-1)).toBe('no rule changes it')
  })
})

test.each([
  [
    'select k, count(*) from plain group by k emit changes',
    /^Aggregate keeps a cell for each k: windows/,
  ],
  [
    'select p.k from plain p join plain q on p.k = q.k emit changes',
    /^Join keeps the rows of both sides: bounds/,
  ],
  [
    `select window_start, count(*) from tumble(bid, ts, interval '1' minute) group by window_start emit changes`,
    /EMIT ON WINDOW CLOSE/,
  ],
  [
    `select window_start, count(*) from tumble(plain, at, interval '1' minute) group by window_start emit changes`,
    /never close/,
  ],
])('advice on %s', (text, advice) => {
  expect(adviceOn(physical(text), () => 'endless').join('\n')).toMatch(advice)
})

test('a plain filter needs no advice', () => {
  const filtered = physical('select k from plain where v > 1 emit changes')
  expect(adviceOn(filtered, () => 'endless')).toEqual([])
})

test('groups of the rows of a table need no advice', () => {
  const counted = physical('select k, count(*) from plain group by k emit changes')
  expect(adviceOn(counted, () => 'table')).toEqual([])
})
