/**
 * Rewrite: each rule does its work, leaves alone what would change an error, and keeps names and types.
 */
import { describe, expect, test } from 'vitest'
import { sameType } from '../../src/data/index.ts'
import { rewrite, rules } from '../../src/plan/index.ts'
import { bound, factsOf, planOf, rewritten } from './fixture.ts'

const window = "tumble(bid, ts, interval '10' second)"

/** Statements in which every rule finds something. */
const statements = [
  'select auction, price * 2 as p from bid where price > 1 + 2',
  'select a from cheap where price > 5 and a % 2 = 0',
  `select auction, n from (select auction, window_end, count(*) as n, sum(price) from ${window}
    group by auction, window_end) where auction > 3 and n > 1`,
  'select s.label, b.price from bid b join side s on b.auction = s.id where b.price > 3 and s.label is not null',
  'select b.price, s.rate from bid b left join side s on b.auction = s.id and s.rate > 0.5 where b.url = s.label',
  'select distinct price from (select price, 1 / auction as q from bid)',
  'select count(*) from bid',
  'select n from files where k in (1, 2) and 3 > n and n / k > 1',
  'select total from totals emit changes',
  `select window_end, max(n) from (select auction, window_end, count(*) as n from ${window}
    group by auction, window_end) group by window_end emit on window close`,
  'select p.name, s.label from bid b, side s, person p where p.id = b.bidder and s.id = p.id and b.price > 1',
  'insert into files select auction, 7, ts from bid where price > 1',
  'insert into side (id) select auction from bid order by price limit 3',
  'values (1 + 1, 2), (3, 4)',
  `select auction, price from (select *, row_number() over (partition by auction order by price desc) as rn
    from bid where price > 1) where rn <= 3 and bidder > 2 emit changes`,
]

describe('what every rewrite keeps', () => {
  test.each(statements)('%s', (sql) => {
    const { plan } = planOf(bound(sql))
    for (const disabled of [[], ...rules.map((rule) => [rule.name])]) {
      const { plan: after, steps } = rewrite(plan, { disabled: new Set(disabled), factsOf })
      expect(after.output.map((field) => field.name)).toEqual(
        plan.output.map((field) => field.name),
      )
      after.output.forEach((field, index) => {
        expect(sameType(field.type, plan.output[index]!.type)).toBe(true)
      })
      expect([after.updating, after.key]).toEqual([plan.updating, plan.key])
      expect(steps.some((step) => disabled.includes(step.rule))).toBe(false)
      expect(rewrite(after, { disabled: new Set(disabled), factsOf }).steps).toEqual([])
    }
  })

  test('all rules off change nothing', () => {
    const { plan } = planOf(bound(statements[2]!))
    const disabled = new Set(rules.map((rule) => rule.name))
    expect(rewrite(plan, { disabled })).toEqual({ plan, steps: [] })
  })

  test('the statements above have work for every rule', () => {
    const used = statements.flatMap((sql) =>
      rewrite(planOf(bound(sql)).plan, { disabled: new Set(), factsOf }).steps.map(
        (step) => step.rule,
      ),
    )
    expect([...new Set(used)].sort()).toEqual(rules.map((rule) => rule.name).sort())
  })
})

describe('fold-constants', () => {
  test('computes what cannot fail, and leaves what does', () => {
    expect(rewritten('select 1 + 2 * 3, 5 / 0, 2147483647 + 1 from side')).toContain(
      '7 as ?column?, (5 / 0) as ?column?_1, (2147483647 + 1) as ?column?_2',
    )
  })

  test('a filter that is always TRUE goes', () => {
    expect(rewritten('select id from side where 1 = 1')).toBe('Scan  side (id)')
  })

  test('FALSE decides AND, whatever fails beside it', () => {
    expect(rewritten('select id from side where 1 = 2 and 1 / id = 1')).toContain('Filter  false')
  })
})

describe('push-filter', () => {
  test('through a project, into the window and to the scan', () => {
    expect(
      rewritten(
        `select a from (select auction as a, window_end from ${window}) where a > 3 and window_end is not null`,
      ),
    ).toMatchInlineSnapshot(`
      "Project  auction as a
        Filter  (window_end is not null)
          Window  tumble ts, size 00:00:10
            Filter  (auction > 3)
              Scan  bid (auction, ts)"
    `)
  })

  test('a key passes the aggregate, a result does not', () => {
    expect(
      rewritten(
        'select auction, n from (select auction, count(*) as n from bid group by auction) where auction > 3 and n > 1',
      ),
    ).toMatchInlineSnapshot(`
      "Project  auction, count as n  key (auction)
        Filter  (count > 1)  key (auction)
          Aggregate  count(*)  by auction  emit changes  key (auction)
            Filter  (auction > 3)
              Scan  bid (auction)"
    `)
  })

  test('an aggregate without keys gives its row whatever the condition', () => {
    const plan = rewritten('select n from (select count(*) as n from bid) where 1 > 2')
    expect(plan).toContain('Filter  false  key ()\n    Aggregate')
  })

  test('to the left side of a left join, never to the right one', () => {
    expect(
      rewritten(`select b.price, s.rate from bid b left join side s on b.auction = s.id and b.price > 1 and s.rate > 0.5
        where b.bidder = 7 and s.label is null`),
    ).toMatchInlineSnapshot(`
      "Project  price, rate
        Filter  (label is null)
          Join  left  auction = key3  where (price > 1)
            Project  auction, price
              Filter  (bidder = 7)
                Scan  bid (auction, bidder, price)
            Project  label, rate, cast(id as BIGINT) as key3
              Filter  (rate > 0.500)
                Scan  side (id, label, rate)"
    `)
  })

  test('what can fail stays where it is', () => {
    const plan = rewritten(
      'select s.label from bid b join side s on b.auction = s.id where 1 / b.bidder > 0 and s.rate > 0.5',
    )
    expect(plan).toContain('Filter  (((1 / bidder) > 0) and (rate > 0.500))')
  })

  test('a condition that may be NULL does not overtake one that can fail', () => {
    const sql = (condition: string) =>
      `select s.label from bid b join side s on b.auction = s.id where ${condition} and 1 / s.id > 0`
    // FALSE drops the error beside it, NULL does not: only a condition that is never NULL may go first.
    expect(rewritten(sql('b.price > 5'))).toContain('Filter  ((price > 5) and ((1 / id) > 0))')
    expect(rewritten(sql('b.auction > 5'))).toContain('Filter  ((1 / id) > 0)')
  })

  test('a filter does not pass a join that uses values that may have failed', () => {
    const sql =
      'select d.q from (select auction, 1 / bidder as q from bid) d join side s on d.auction = s.id where d.auction > 3'
    expect(rewritten(sql)).toContain('Filter  (auction > 3)\n    Join')
  })
})

describe('merge-filter', () => {
  test('keeps two filters when the lower may be NULL and the upper can fail', () => {
    const sql = (condition: string) =>
      `select price from (select price, bidder from bid where ${condition}) where 1 / bidder > 0`
    expect(rewritten(sql('price > 5'))).toContain(
      'Filter  ((1 / bidder) > 0)\n    Filter  (price > 5)',
    )
    expect(rewritten(sql('auction > 5'))).toContain(
      'Filter  ((auction > 5) and ((1 / bidder) > 0))',
    )
  })
})

describe('prune-columns', () => {
  test('scans read what is needed, and below windows the column of the watermark', () => {
    expect(rewritten('select price from bid where url = auction || url')).toContain(
      'Scan  bid (auction, price, url)',
    )
    expect(rewritten('select price from bid emit changes')).toMatch(/Scan {2}bid \(price\)$/m)
    expect(
      rewritten("select price from tumble(bid, ts, interval '1' second) emit changes"),
    ).toContain('Scan  bid (price, ts)  watermark ts')
  })

  test('rows that are only counted still have a column', () => {
    expect(rewritten('select count(*) from side')).toContain('Scan  side (id)')
  })

  test('aggregates that nobody reads go, but one stays', () => {
    const plan = rewritten(
      'select auction from (select auction, count(*) as n, max(price) as p from bid group by auction)',
    )
    expect(plan).toContain('Aggregate  count(*)  by auction')
  })

  test('a join keeps no column that nobody reads, unless it may have failed', () => {
    const plan = rewritten(
      'select b.price from (select price, bidder, 1 / auction as q, url from bid) b join side s on b.bidder = s.id',
    )
    expect(plan).toContain('Project  price, bidder, (1 / auction) as q')
    expect(plan).not.toContain('url')
  })

  test('an expression that can fail goes where nobody uses it', () => {
    expect(rewritten('select price from (select price, 1 / auction as q from bid)')).toBe(
      'Scan  bid (price)',
    )
  })
})

describe('merge-project', () => {
  test('does not compute anything twice', () => {
    const plan = rewritten('select q + q as r, price from (select price * 2 as q, price from bid)')
    expect(plan).toMatchInlineSnapshot(`
      "Project  (q + q) as r, price
        Project  (price * 2) as q, price
          Scan  bid (price)"
    `)
  })
})

describe('order-joins', () => {
  const joins = (from: string) => rewritten(`select b.price, p.name from ${from}`)
  /** The relations, those that are joined first by depth. */
  const deepest = (from: string) => {
    const lines = joins(from).split('\n')
    const scans = lines.filter((line) => line.includes('Scan'))
    const depths = scans.map((line) => line.indexOf('Scan'))
    const names = scans.map((line) => line.trim().split(/ +/)[1])
    return names.filter((_, index) => depths[index] !== Math.min(...depths)).sort()
  }

  test('small relations are joined first', () => {
    const from = 'bid b join person p on b.bidder = p.id join side s on s.id = p.id'
    expect(deepest(from)).toContain('side')
    expect(rewritten(`select b.price, p.name from ${from}`, ['order-joins'])).not.toBe(joins(from))
  })

  test('what equals the same value is connected', () => {
    expect(
      deepest('person p join bid b on b.bidder = p.id join side s on s.id = b.bidder'),
    ).toEqual(['person', 'side'])
  })

  test('an order that gains nothing is not made, where no input has rows either', () => {
    const from = 'generate_series(1, 0) g(k) cross join person p cross join bid b'
    expect(joins(from)).toBe(rewritten(`select b.price, p.name from ${from}`, ['order-joins']))
  })

  test('no product where equalities connect everything', () => {
    const from = 'person p join side s on true join bid b on b.bidder = p.id and b.auction = s.id'
    expect(joins(from)).not.toContain('1 as key')
    expect(joins('person p join side s on true join bid b on b.bidder = p.id')).toContain(
      '1 as key',
    )
  })

  test.each([
    ['a view', 'totals t join bid b on b.auction = t.auction join person p on p.id = b.bidder'],
    [
      'a window',
      `tumble(bid, ts, interval '10' second) b join person p on p.id = b.bidder
       join side s on s.id = p.id`,
    ],
    [
      'what may fail',
      'bid b join person p on b.bidder = p.id join side s on s.id = p.id and 1 / s.id > p.id',
    ],
    [
      'two sources outside',
      `bid b join files f on b.auction = f.k join endless e on e.k = f.k
       join person p on p.id = b.bidder`,
    ],
  ])('%s keeps the order as it is written', (_, from) => {
    const text = `select b.price, p.name from ${from} emit changes`
    expect(rewritten(text)).toBe(rewritten(text, ['order-joins']))
  })
})
