/**
 * Physical: plans as JSON, numbered nodes, buckets and retractions.
 */
import { describe, expect, test } from 'vitest'
import { explainText } from '../../src/plan/explain.ts'
import { lower, type PhysicalPlan, rewrite } from '../../src/plan/index.ts'
import { bound, planOf } from './fixture.ts'

function physicalOf(sql: string): PhysicalPlan {
  const { plan, mode } = planOf(bound(sql))
  return lower(plan, mode)
}

function nodesOf(plan: PhysicalPlan): PhysicalPlan[] {
  const inputs = 'input' in plan ? [plan.input] : 'left' in plan ? [plan.left, plan.right] : []
  return [plan, ...inputs.flatMap(nodesOf)]
}

function find<Kind extends PhysicalPlan['kind']>(sql: string, kind: Kind) {
  const found = nodesOf(physicalOf(sql)).find((node) => node.kind === kind)
  if (found === undefined) throw new Error(`the plan has a ${kind}`)
  return found as Extract<PhysicalPlan, { kind: Kind }>
}

const statements = [
  `select auction, window_start, count(*) filter (where price > 1), sum(amount), avg(distinct price)
    from hop(bid, ts, interval '1' second, interval '3' second) group by auction, window_start emit on window close`,
  `select case when price > 1e300 then 0.5 else -1 end, cast('NaN' as double),
    ts + interval '1' day, url like '%a' from bid`,
  'select * from bid b left join side s on b.auction = s.id and b.price > s.rate where s.id is null emit changes',
  "values (9223372036854775807, true, date '2026-01-01', interval '1' day, null)",
  'select d, i, ok from plain order by d desc nulls first limit 10 offset 5',
]

describe('JSON', () => {
  test.each(statements)('%s', (sql) => {
    const { plan, mode } = planOf(bound(sql))
    const through = <T>(value: T): T => JSON.parse(JSON.stringify(value)) as T
    expect(through(plan)).toEqual(plan)
    const physical = lower(rewrite(plan, { disabled: new Set() }).plan, mode)
    expect(through(physical)).toEqual(physical)
    expect(explainText(through(physical))).toBe(explainText(physical))
  })
})

describe('nodes', () => {
  test.each(statements)('are numbered in preorder: %s', (sql) => {
    expect(nodesOf(physicalOf(sql)).map((node) => node.id)).toEqual(
      nodesOf(physicalOf(sql)).map((_, index) => index),
    )
  })
})

const tumbled = "tumble(bid, ts, interval '10' second)"

describe('buckets of aggregates', () => {
  test('are the positions of the window columns among the keys', () => {
    const sql = `select count(*) from ${tumbled} group by auction, window_end, bidder, window_start emit changes`
    expect(find(sql, 'aggregate').bucket).toEqual({ start: 3, end: 1, sizeMicros: '10000000' })
  })

  test('need one window column', () => {
    expect(
      find(`select count(*) from ${tumbled} group by window_start`, 'aggregate').bucket,
    ).toEqual({
      start: 0,
      end: null,
      sizeMicros: '10000000',
    })
    expect(find(`select count(*) from ${tumbled} group by auction`, 'aggregate').bucket).toBeNull()
    expect(
      find(`select count(*) from ${tumbled} group by window_time`, 'aggregate').bucket,
    ).toBeNull()
  })
})

describe('buckets of joins', () => {
  const other = "tumble(person, at, interval '10' second)"

  test('are equated window columns of one role and size', () => {
    const sql = `select 1 from ${tumbled} b join ${other} p
      on b.bidder = p.id and b.window_end = p.window_end emit changes`
    expect(find(sql, 'join').bucket).toEqual({
      left: 7,
      right: 4,
      role: 'end',
      sizeMicros: '10000000',
    })
  })

  test.each([
    `${tumbled} b join ${other} p on b.bidder = p.id`,
    `${tumbled} b join ${other} p on b.window_start = p.window_end`,
    `${tumbled} b join tumble(person, at, interval '20' second) p on b.window_start = p.window_start`,
  ])('are not there for %s', (from) => {
    expect(find(`select 1 from ${from} emit changes`, 'join').bucket).toBeNull()
  })
})

describe('retractions', () => {
  test.each([
    ['select count(*) from totals emit changes', 'aggregate', true],
    ['select count(*) from totals', 'aggregate', false],
    ['select count(*) from bid emit changes', 'aggregate', false],
    ['select 1 from totals t join side s on t.auction = s.id emit changes', 'join', true],
    ['select 1 from copies t join side s on t.auction = s.id emit changes', 'join', false],
  ] as const)('%s', (sql, kind, retracts) => {
    expect(find(sql, kind).retracts).toBe(retracts)
  })

  test('a one-shot plan never takes rows back', () => {
    expect(
      nodesOf(physicalOf('select auction, count(*) from totals group by auction')).some(
        (node) => node.updating,
      ),
    ).toBe(false)
  })
})

describe('a filter below a project', () => {
  const rewritten = (sql: string): PhysicalPlan => {
    const { plan, mode } = planOf(bound(sql))
    return lower(rewrite(plan, { disabled: new Set() }).plan, mode)
  }
  const node = <Kind extends PhysicalPlan['kind']>(sql: string, kind: Kind) =>
    nodesOf(rewritten(sql)).find((one) => one.kind === kind) as Extract<
      PhysicalPlan,
      { kind: Kind }
    >

  test('computes what both of them make of strings', () => {
    const sql = `select auction, upper(lower(url)) as u from bid where lower(url) = 'a' or price > 1`
    const { shared, output } = node(sql, 'filter')
    expect(shared).toMatchObject([{ kind: 'call', function: 'lower' }])
    const width = output.length
    expect(node(sql, 'project').computed).toMatchObject([
      { kind: 'column' },
      { function: 'upper', args: [{ kind: 'column', index: width }] },
    ])
  })

  test('leaves to the project what may fail', () => {
    const sql = `select cast(url as bigint) as n from bid where cast(url as bigint) > 1`
    expect(node(sql, 'filter').shared).toEqual([])
  })
})
