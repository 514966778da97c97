/**
 * Bind: plans as they come from the binder, types, names, coercions and defaults of emission.
 */
import { describe, expect, test } from 'vitest'
import { typeText } from '../../src/data/index.ts'
import { bound, explained, planOf } from './fixture.ts'

function outputOf(sql: string): string[] {
  const { plan } = planOf(bound(sql))
  return plan.output.map(
    ({ name, type, nullable }) => `${name} ${typeText(type)}${nullable ? '' : ' not null'}`,
  )
}

describe('plans', () => {
  test('filter and project', () => {
    expect(
      explained(
        "select auction, price * 0.908 as p from bid where price > 10 and ts >= '2026-01-01'",
      ),
    ).toMatchInlineSnapshot(`
      "Project  auction, (price * 0.908) as p
        Filter  ((price > 10) and (ts >= timestamp '2026-01-01 00:00:00'))
          Scan  bid (auction, bidder, price, amount, url, ts)"
    `)
  })

  test('grouping by expressions, ordinals and aliases, with HAVING and ORDER BY', () => {
    expect(
      explained(`select auction % 10 as bucket, count(*) as n, sum(price) filter (where url like 'a%')
        from bid group by bucket having count(distinct bidder) > 2 order by n desc limit 3`),
    ).toMatchInlineSnapshot(`
      "Sort  n desc  limit 3  key (bucket)
        Project  expr1 as bucket, count#2 as n, sum  key (bucket)
          Filter  (count#4 > 2)  key (expr1)
            Aggregate  count(*), sum(price) filter expr3, count(distinct bidder)  by expr1  emit changes  key (expr1)
              Project  (auction % 10) as expr1, price, (url like 'a%') as expr3, bidder
                Scan  bid (auction, bidder, price, amount, url, ts)"
    `)
  })

  test('ORDER BY what is not selected', () => {
    expect(
      explained('select auction from bid order by price desc nulls first, 1'),
    ).toMatchInlineSnapshot(`
      "Project  auction
        Sort  order1 desc nulls first, auction
          Project  auction, price as order1
            Scan  bid (auction, bidder, price, amount, url, ts)"
    `)
  })

  test('windows of a continuous query with a watermark give finals to an append-only sink', () => {
    expect(
      explained(`insert into files select auction, count(*), window_end
        from tumble(bid, ts, interval '10' second) group by auction, window_end`),
    ).toMatchInlineSnapshot(`
      "Project  auction as k, count as n, window_end as w  key (k, w)
        Aggregate  count(*)  by auction, window_end  bucket per window  emit on-window-close  key (auction, window_end)
          Window  tumble ts, size 00:00:10  drops late rows
            Scan  bid (auction, bidder, price, amount, url, ts)  watermark ts - 00:00:05"
    `)
  })

  test('nested windowed aggregates both close', () => {
    const plan =
      explained(`select window_end, max(n) as most from (select auction, window_end, count(*) as n
        from hop(bid, ts, interval '2' second, interval '10' second) group by auction, window_end)
      group by window_end emit on window close`)
    expect(plan).toContain('max(n)  by window_end  bucket per window  emit on-window-close')
    expect(plan).toContain('by auction, window_end  bucket per window  emit on-window-close')
  })

  test('a join with keys that are expressions, and a residual', () => {
    expect(
      explained(
        'select b.price, s.label from bid b left join side s on b.auction = s.id and b.price > s.rate',
      ),
    ).toMatchInlineSnapshot(`
      "Project  price, label
        Project  auction, bidder, price, amount, url, ts, id, label, rate
          Join  left  auction = key3  where (price > cast(rate as DOUBLE))
            Scan  bid (auction, bidder, price, amount, url, ts)
            Project  id, label, rate, cast(id as BIGINT) as key3
              Scan  side (id, label, rate)"
    `)
  })

  test('comma joins take their equalities from WHERE, whatever their order', () => {
    expect(
      explained(`select p.name, s.label from bid b, side s, person p
        where p.id = b.bidder and s.id = p.id and b.price > 1`),
    ).toMatchInlineSnapshot(`
      "Project  name, label
        Filter  (price > 1)
          Project  auction, bidder, price, amount, url, ts, id#7 as id, name, at, id#10 as id, label, rate
            Join  inner  id = key3
              Join  inner  bidder = id
                Scan  bid (auction, bidder, price, amount, url, ts)
                Scan  person (id, name, at)
              Project  id, label, rate, cast(id as BIGINT) as key3
                Scan  side (id, label, rate)"
    `)
  })

  test('a window join', () => {
    expect(
      explained(`select p.name, b.price from tumble(person, at, interval '10' second) p
        join tumble(bid, ts, interval '10' second) b on p.id = b.bidder and p.window_start = b.window_start
        emit changes`),
    ).toMatchInlineSnapshot(`
      "Project  name, price
        Join  inner  id = bidder and window_start = window_start  bucket per window
          Window  tumble at, size 00:00:10  drops late rows
            Scan  person (id, name, at)  watermark at - 00:00:00.000001
          Window  tumble ts, size 00:00:10  drops late rows
            Scan  bid (auction, bidder, price, amount, url, ts)  watermark ts - 00:00:05"
    `)
  })

  test('views stand for their query', () => {
    expect(explained('select c.a from cheap c where c.price > 5')).toMatchInlineSnapshot(`
      "Project  a
        Filter  (price > 5)
          Project  auction as a, price
            Filter  (price < 10)
              Scan  bid (auction, bidder, price, amount, url, ts)"
    `)
  })

  test('SELECT DISTINCT is an aggregate without calls, and never takes rows back', () => {
    expect(
      explained('select distinct auction, bidder from bid emit changes'),
    ).toMatchInlineSnapshot(`
      "Aggregate  by auction, bidder  emit changes  key (auction, bidder)
        Project  auction, bidder
          Scan  bid (auction, bidder, price, amount, url, ts)  watermark ts - 00:00:05"
    `)
  })
})

describe('types', () => {
  test.each([
    ['1', '?column? INTEGER not null'],
    ['3000000000', '?column? BIGINT not null'],
    ['-9223372036854775808', '?column? BIGINT not null'],
    ['0.908', '?column? DECIMAL(4, 3) not null'],
    ['1e3', '?column? DOUBLE not null'],
    ['null', '?column? VARCHAR'],
    ['1 + 2', '?column? INTEGER not null'],
    ['1 + 2.50', '?column? DECIMAL(4, 2) not null'],
    ['amount + 1', '?column? DECIMAL(11, 2)'],
    ['amount * 1.25', '?column? DECIMAL(13, 4)'],
    ['amount * price', '?column? DOUBLE'],
    ['amount % 3', '?column? DECIMAL(10, 2)'],
    ['auction / 2', '?column? BIGINT not null'],
    ['bidder + amount', '?column? DECIMAL(22, 2)'],
    ["ts + interval '1' day", '?column? TIMESTAMP(3) not null'],
    ["ts + interval '0.0001' second", '?column? TIMESTAMP not null'],
    ['ts - ts', '?column? INTERVAL DAY TO SECOND not null'],
    ["date '2026-01-02' - date '2026-01-01'", '?column? INTEGER not null'],
    ["date '2026-01-02' + 1", '?column? DATE not null'],
    ["2 * interval '1' hour", '?column? INTERVAL DAY TO SECOND not null'],
    ['case when price > 1 then 1 else 2.5 end', '?column? DECIMAL(2, 1) not null'],
    ['case when price > 1 then auction end', '?column? BIGINT'],
    ["coalesce(url, '')", 'coalesce VARCHAR not null'],
    ['nullif(auction, 0)', 'nullif BIGINT'],
    ['cast(url as decimal(5, 1))', 'url DECIMAL(5, 1)'],
    ['try_cast(auction as int)', 'auction INTEGER'],
    ['price is null', '?column? BOOLEAN not null'],
    ['price in (1, 2)', '?column? BOOLEAN'],
    ['auction in (1, null)', '?column? BOOLEAN'],
    ['extract(hour from ts)', 'extract BIGINT not null'],
    ["date_trunc('hour', ts)", 'date_trunc TIMESTAMP(3) not null'],
    ['round(amount, 1)', 'round DECIMAL(10, 1)'],
    ['auction || url', '?column? VARCHAR'],
    ['greatest(bidder, 1)', 'greatest BIGINT'],
  ])('%s', (expression, expected) => {
    expect(outputOf(`select ${expression} from bid`)[0]).toBe(expected)
  })

  test('aggregates', () => {
    expect(
      outputOf(`select auction, count(*), count(bidder), sum(auction), sum(bidder), sum(amount), sum(price),
        avg(auction), min(url), max(ts), sum(auction) filter (where price > 1) from bid group by auction`),
    ).toEqual([
      'auction BIGINT not null',
      'count BIGINT not null',
      'count_1 BIGINT not null',
      'sum BIGINT not null',
      'sum_1 BIGINT',
      'sum_2 DECIMAL(18, 2)',
      'sum_3 DOUBLE',
      'avg DOUBLE not null',
      'min VARCHAR',
      'max TIMESTAMP(3) not null',
      'sum_4 BIGINT',
    ])
    expect(outputOf('select max(auction), count(*) from bid')).toEqual([
      'max BIGINT',
      'count BIGINT not null',
    ])
  })

  test('a left join may pad its right side', () => {
    expect(outputOf('select auction, id from bid left join side on auction = id')).toEqual([
      'auction BIGINT not null',
      'id INTEGER',
    ])
  })

  test('window columns have the precision of the time column', () => {
    expect(
      outputOf(
        "select window_start, window_end, window_time from tumble(plain, at, interval '1' minute)",
      ),
    ).toEqual([
      'window_start TIMESTAMP(0) not null',
      'window_end TIMESTAMP(0) not null',
      'window_time TIMESTAMP(3) not null',
    ])
  })
})

describe('names of result columns', () => {
  test('column, function, ?column?, repeated', () => {
    expect(
      outputOf('select price, Price, upper(url), 1, 2, b.price as x from bid b').map(
        (text) => text.split(' ')[0],
      ),
    ).toEqual(['price', 'price_1', 'upper', '?column?', '?column?_1', 'x'])
  })

  test('a name that was given is not given again', () => {
    const names = outputOf('select price, price, price as price_1 from bid').map(
      (text) => text.split(' ')[0],
    )
    expect(new Set(names).size).toBe(3)
    expect(names[2]).toBe('price_1')
  })

  test('USING merges a column, and * shows it once', () => {
    const names = outputOf('select * from side a join side b using (id)').map(
      (text) => text.split(' ')[0],
    )
    expect(names).toEqual(['id', 'label', 'rate', 'label_1', 'rate_1'])
  })
})

describe('literals and parameters', () => {
  test('strings and NULL take the type of the other side, and timestamps lose nothing', () => {
    const plan =
      explained(`select * from bid where ts > '2026-01-01 00:00:00.0005' and ts < '2026-02-01' and price = null
      and amount = 5 and bidder in (1, '2')`)
    expect(plan).toContain("ts > timestamp '2026-01-01 00:00:00.0005'")
    expect(plan).toContain('price = null')
    expect(plan).toContain('amount = 5.00')
    expect(plan).toContain('bidder in (1, 2)')
  })

  test('positional, numbered and named parameters', () => {
    const when = new Date('2026-01-01T00:00:00Z')
    expect(
      explained('select * from bid where price > ? and url = ?', { positional: [1.5, "it's"] }),
    ).toContain("((price > 1.5) and (url = 'it''s'))")
    expect(explained('select * from bid where ts > $1', { positional: [when] })).toContain(
      "ts > timestamp '2026-01-01 00:00:00'",
    )
    const named = new Map<string, unknown>([['least', 10n]])
    expect(explained('select * from bid where auction > :least', { named })).toContain(
      'auction > 10',
    )
  })
})

describe('emission', () => {
  const windowed = `select auction, count(*) as n, window_end from tumble(bid, ts, interval '10' second)
    group by auction, window_end`

  test.each([
    [`insert into files ${windowed}`, 'on-window-close', false],
    [`${windowed} emit changes`, 'changes', true],
    [`${windowed} emit on window close`, 'on-window-close', false],
    [`subscribe (${windowed})`, 'changes', true],
    [`create materialized view m as ${windowed}`, 'changes', true],
    [`create materialized view m as ${windowed} emit on window close`, 'on-window-close', false],
    ['insert into hole select auction, count(*) from bid group by auction', 'changes', true],
    ['insert into hole select auction, 1 from bid', 'changes', false],
    ['subscribe totals', 'changes', true],
    ['subscribe copies', 'changes', false],
  ])('%s', (sql, emit, updating) => {
    const statement = bound(sql)
    if (!('query' in statement)) throw new Error('a continuous statement has a query')
    expect([statement.query.emit, statement.query.plan.updating]).toEqual([emit, updating])
  })

  test('what waits, and where', () => {
    const every = explained(`${windowed} emit every interval '5' second`)
    expect(every).toMatch(/^Hold {2}tells every 00:00:05 {2}key/)
    const batch = explained(`${windowed} emit changes with batch interval '1' minute`)
    expect(batch).toContain('Hold  tells 00:01:00 after the first change')
    const panes = explained(`${windowed} emit final with delay interval '2' second
      early every interval '1' minute late on update for interval '3' second`)
    expect(panes).toContain(
      'Hold  tells every 00:01:00, at the close of windows, late rows for 00:00:03',
    )
    expect(panes).toContain('watermark ts - 00:00:10')
    const late = explained(`${windowed} emit final late on update for interval '3' second`)
    expect(late).toContain('Hold  tells at the close of windows, late rows for 00:00:03')
    expect(explained(`${windowed} emit final with delay interval '2' second`)).toContain(
      'watermark ts - 00:00:07',
    )
  })

  test('a window over another column than that of the watermark stays open', () => {
    const { plan } = planOf(
      bound(`select window_end, count(*)
        from tumble((select ts + interval '1' hour as later from bid), later, interval '1' minute)
        group by window_end emit changes`),
    )
    expect(plan.window?.watermarked).toBe(false)
  })

  test('ORDER BY of a continuous statement is ignored, and said to be', () => {
    const statement = bound('select price from bid order by price emit changes')
    expect(statement.notices).toEqual(['ORDER BY is ignored in a continuous query'])
  })
})

describe('keys', () => {
  test.each([
    ['select auction, total from totals', [0]],
    ['select total from totals', null],
    ['select total, auction from totals where total > 1', [1]],
    [
      'select t.total, u.auction, t.auction from totals t join totals u on t.auction = u.auction',
      [1, 2],
    ],
    ['select count(*) from bid', []],
    ['select auction from bid', null],
    ['select distinct auction, bidder from bid', [0, 1]],
    ['select 1', []],
  ])('%s', (sql, key) => {
    expect(planOf(bound(sql)).plan.key).toEqual(key)
  })
})

describe('statements', () => {
  test('CREATE STREAM keeps its watermark, and its column takes no NULL', () => {
    const statement = bound(
      "create stream s (a int, t timestamp(3), watermark for t as t - interval '2' second)",
    )
    if (statement.kind !== 'create-relation') throw new Error('a relation is created')
    expect(statement.relation.watermark).toEqual({
      column: 1,
      delayMicros: '2000000',
      idleMicros: '10000000',
    })
    expect(statement.relation.schema.fields.map((field) => field.nullable)).toEqual([true, false])
  })

  test('the ascending watermark trails by one unit of the precision', () => {
    const statement = bound('create stream s (t timestamp(3), watermark for t)')
    if (statement.kind !== 'create-relation') throw new Error('a relation is created')
    expect(statement.relation.watermark?.delayMicros).toBe('1000')
  })

  test('a connector may know the columns itself', () => {
    const statement = bound("create table t with ('connector' = 'knowing')")
    if (statement.kind !== 'create-relation') throw new Error('a relation is created')
    expect(statement.relation).toMatchObject({
      kind: 'external',
      connector: 'knowing',
      bounded: true,
    })
    expect(statement.relation.schema.fields.map((field) => field.name)).toEqual(['x'])
  })

  test('INSERT casts to the columns of its target and fills in NULL', () => {
    expect(explained("insert into side (label, id) values (1, '2'), ('x', 3.6)")).toContain(
      '2 rows',
    )
    expect(outputOf("insert into side (label, id) values (1, '2'), ('x', 3.6)")).toEqual([
      'id INTEGER not null',
      'label VARCHAR not null',
      'rate DECIMAL(4, 3)',
    ])
    expect(explained('insert into side (id) select auction from bid')).toContain(
      'cast(auction as INTEGER) as id, null as label, null as rate',
    )
  })

  test('CREATE TABLE AS takes its columns from the query', () => {
    const statement = bound(
      'create table t as select auction, count(*) as n from bid group by auction',
    )
    if (statement.kind !== 'create-relation') throw new Error('a relation is created')
    expect(statement.relation.schema.fields.map((field) => field.name)).toEqual(['auction', 'n'])
    expect(statement.insert).not.toBeNull()
  })

  test('a query in EXPLAIN is bound as it would run', () => {
    const statement = bound('explain select price from bid emit changes')
    expect(statement).toMatchObject({ kind: 'explain', statement: { kind: 'select-continuous' } })
  })

  test('a one-shot statement knows no watermark', () => {
    expect(explained('select ts from bid')).not.toContain('watermark')
    expect(explained('select ts from bid emit changes')).toContain('watermark ts - 00:00:05')
  })
})
