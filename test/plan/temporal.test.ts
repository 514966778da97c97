/** Temporal: joins that meet a table as of a time, and what they answer to wrong ones. */
import { describe, expect, test } from 'vitest'
import { explained, mistakes } from './fixture.ts'

const dim =
  'create stream dim (k bigint, v int, ts timestamp(3), watermark for ts, primary key (k) not enforced); '
const ranked = (list: string, rest = 'where n = 1') =>
  `create view latest as select ${list} from (select *,
    row_number() over (partition by auction order by ts desc) as n from bid) ${rest}; `
const met = (what: string, on: string) =>
  `${dim}select 1 from bid a join dim for system_time as of ${what} d on ${on} emit changes`

/** Statement, code, text under the span, part of the message, part of the hint (if there is one). */
const table: [string, string, string, string, string?][] = [
  [
    'select * from bid for system_time as of ts',
    'unsupported',
    'ts',
    'AS OF a time that is computed, without a join',
    'a JOIN t FOR SYSTEM_TIME AS OF a.ts',
  ],
  [
    `${dim}select 1 from bid a right join dim for system_time as of a.ts d on a.auction = d.k`,
    'unsupported',
    'bid a right join dim for system_time as of a.ts d on a.auction = d.k',
    'RIGHT JOIN with FOR SYSTEM_TIME AS OF',
    'inner or left',
  ],
  [
    met("date_trunc('hour', timestamp '2026-01-01 00:00:00')", 'a.auction = d.k'),
    'unsupported',
    "date_trunc('hour', timestamp '2026-01-01 00:00:00')",
    'AS OF a time that is computed',
    'PROCTIME()',
  ],
  [
    met("a.ts + interval '1' second", 'a.auction = d.k'),
    'type_mismatch',
    "a.ts + interval '1' second",
    'takes a TIMESTAMP column',
    'AS OF a.ts',
  ],
  [met('a.price', 'a.auction = d.k'), 'type_mismatch', 'a.price', 'takes a TIMESTAMP column'],
  [met('d.ts', 'a.auction = d.k'), 'unknown_name', 'd.ts', 'table d is not in FROM'],
  [
    `${dim}select 1 from plain a join dim for system_time as of a.at d on a.k = d.k emit changes`,
    'invalid_window',
    'a.at',
    'at has no watermark to wait for',
    'WATERMARK FOR at',
  ],
  [
    met('a.ts', 'a.auction = d.v'),
    'syntax',
    'a.auction = d.v',
    'no equality for k',
    'every column of it',
  ],
  [
    'select 1 from bid a join person for system_time as of a.ts as p on a.bidder = p.id',
    'invalid_window',
    'person for system_time as of a.ts as p',
    'no versions by event time',
    'PRIMARY KEY',
  ],
  [
    `${ranked('auction, price')}select 1 from bid a join latest for system_time as of a.ts l on a.auction = l.auction`,
    'invalid_window',
    'latest for system_time as of a.ts l',
    'leaves out the key or the time',
    'select list',
  ],
  [
    `${ranked('*', 'where n = 1 and price > 3')}select 1 from bid a join latest for system_time as of a.ts l
      on a.auction = l.auction`,
    'unsupported',
    'latest for system_time as of a.ts l',
    'versions of a view that leaves some out',
    'into ON',
  ],
  [
    `${dim}select 1 from (select auction, max(ts) as ts from bid group by auction) a
      join dim for system_time as of proctime() d on a.auction = d.k emit changes`,
    'unsupported',
    '(select auction, max(ts) as ts from bid group by auction) a',
    'rows that are taken back',
  ],
  [
    'select 1 from bid a join plain p within 5 minutes on a.bidder = p.k',
    'invalid_window',
    'plain p',
    'this side of WITHIN has no event time',
    'WATERMARK FOR',
  ],
  [
    'select 1 from bid a join person p within 1 month on a.bidder = p.id',
    'invalid_window',
    '1 month',
    'WITHIN',
  ],
  [
    'select 1 from bid a asof join person p within 1 minute on a.bidder = p.id and a.ts >= p.at',
    'unsupported',
    'within 1 minute',
    'WITHIN beside ASOF JOIN',
  ],
]

describe('mistakes', () => {
  test.each(table)('%s', (sql, code, at, message, hint) => {
    const found = mistakes(sql)
    const first = found.find((d) => d.message.includes(message))
    expect({ code: first?.code, at: first?.at }).toEqual({ code, at })
    if (hint !== undefined) expect(first?.hint).toContain(hint)
  })
})

test('EXPLAIN says who waits and who looks up', () => {
  const plan = (time: string) => explained(met(time, 'a.auction = d.k'))
  expect(plan('a.ts')).toContain('waits for the watermark')
  expect(plan('proctime()')).toContain('looks up')
})
