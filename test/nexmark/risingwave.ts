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
const { q3, q5, q7, q8, q9, q13, q15, q16, q17, q18, q19, q20, q21, q22, q23, q101, q102 } =
  duckdbQueries
const bids = 'select auction from bid group by auction having count(*)'

const open = 'A.id = B.auction and B.dateTime between A.dateTime and A.expires'
const top = `select auction, price, bidder, dateTime from (${q7})`
const slice = '(epoch_us(dateTime) // 10000000) * 10000000'

/** By the name of the file; q12 is looked at by itself. */
export const risingwaveQueries: Readonly<Record<string, string>> = {
  q0: 'select auction, bidder, price, dateTime from bid',
  q1: 'select auction, bidder, 0.908 * price, dateTime from bid',
  q2: 'select auction, price from bid where auction in (1007, 1020, 2001, 2019, 2087)',
  q3: `select lower(name), lower(city), lower(state), id from (${q3})`,
  q4: `select category, avg(final) from (
      select max(B.price) as final, A.category from auction A, bid B where ${open} group by A.id, A.category)
    group by category`,
  q5: q5!,
  'q5-rewrite': q5!,
  'q5-many-windows': `with counts as (${manyWindows})
    select auction, num from counts c where num = (select max(num) from counts d where d.s = c.s)`,
  q6: `select seller, avg(final) over (
      partition by seller order by dateTime, final rows between 10 preceding and current row)
    from (select A.id, A.seller, B.price as final, B.dateTime,
        row_number() over (partition by A.id order by B.price desc, B.dateTime) as n
      from auction A, bid B where ${open})
    where n = 1`,
  q7: top,
  'q7-rewrite': `select auction, price, bidder, dateTime from (
      select *, rank() over (partition by ${slice} order by price desc) as n from bid) where n = 1`,
  'q7-eowc': `select max(price), make_timestamp(${slice} + 10000000) as s from bid group by s`,
  q8: `select id, lower(name), s from (${q8}) as t(id, name, s)`,
  q9: `select * exclude (extra, more) from (${q9})`,
  q10: `select auction, bidder, price, dateTime, strftime(dateTime, '%Y-%m-%d'), strftime(dateTime, '%I:%M') from bid`,
  q13: q13!,
  q14: `select auction, bidder, 0.908 * price,
      case when hour(dateTime) between 8 and 18 then 'dayTime'
        when hour(dateTime) <= 6 or hour(dateTime) >= 20 then 'nightTime' else 'otherTime' end,
      dateTime, length(extra) - length(replace(extra, 'c', ''))
    from bid where 0.908 * price > 1000000 and 0.908 * price < 50000000`,
  q15: q15!,
  q16: q16!.replace('%H:%M', '%I:%m'),
  q17: q17!.replace('cast(avg(price) as bigint)', 'avg(price)'),
  q18: `select * exclude (extra) from (${q18})`,
  q19: q19!,
  q20: `select auction, bidder, price, channel, url, dateTime, itemName, description, initialBid, reserve,
      dateTime_1, expires, seller, category from (${q20})`,
  q21: q21!,
  q22: q22!,
  q23: `select id, itemName, lower(name), price, dateTime from (${q23})`,
  q101: q101!,
  q102: q102!,
  q103: `select id, itemName from auction where id in (${bids} >= 20)`,
  q104: `select id, itemName from auction where id not in (${bids} < 20)`,
  q105: `select id, itemName, count(*) as n from auction join bid on id = auction group by id, itemName
    order by n desc, id limit 1000`,
  q106: `select min(final) from (select max(B.price) as final from auction A, bid B
    where A.id = B.auction and B.dateTime between A.dateTime and A.expires group by A.id)`,
}
