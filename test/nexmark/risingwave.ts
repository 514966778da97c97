/**
 * The queries of examples/nexmark/risingwave as DuckDB says them, where Flink's texts ask for something else.
 */
import { duckdbQueries } from '../../src/bench/nexmark-duckdb.ts'

const manyWindows = `
  select auction, count(*) as num, s from (
    select auction, unnest(range(
      (epoch_us(dateTime) // 1000000) * 1000000 - 49000000,
      (epoch_us(dateTime) // 1000000) * 1000000 + 1, 1000000)) as s
    from bid)
  group by auction, s`
const { q5, q13, q21, q22, q101, q102 } = duckdbQueries
const bids = 'select auction from bid group by auction having count(*)'

/** By the name of the file. */
export const risingwaveQueries: Readonly<Record<string, string>> = {
  q0: 'select auction, bidder, price, dateTime from bid',
  q1: 'select auction, bidder, 0.908 * price, dateTime from bid',
  q2: 'select auction, price from bid where auction in (1007, 1020, 2001, 2019, 2087)',
  'q5-rewrite': q5!,
  'q5-many-windows': `with counts as (${manyWindows})
    select auction, num from counts c where num = (select max(num) from counts d where d.s = c.s)`,
  q10: `select auction, bidder, price, dateTime, strftime(dateTime, '%Y-%m-%d'), strftime(dateTime, '%I:%M') from bid`,
  q13: q13!,
  q14: `select auction, bidder, 0.908 * price,
      case when hour(dateTime) between 8 and 18 then 'dayTime'
        when hour(dateTime) <= 6 or hour(dateTime) >= 20 then 'nightTime' else 'otherTime' end,
      dateTime, length(extra) - length(replace(extra, 'c', ''))
    from bid where 0.908 * price > 1000000 and 0.908 * price < 50000000`,
  q21: q21!,
  q22: q22!,
  q101: q101!,
  q102: q102!,
  q103: `select id, itemName from auction where id in (${bids} >= 20)`,
  q104: `select id, itemName from auction where id not in (${bids} < 20)`,
  q105: `select id, itemName, count(*) as n from auction join bid on id = auction group by id, itemName
    order by n desc, id limit 1000`,
  q106: `select min(final) from (select max(B.price) as final from auction A, bid B
    where A.id = B.auction and B.dateTime between A.dateTime and A.expires group by A.id)`,
}
