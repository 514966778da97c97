/**
 * Mistakes: statements that cannot be bound, with code, place in the text and hint.
 */
import { describe, expect, test } from 'vitest'
import { mistakes } from './fixture.ts'

/** Statement, code, text under the span, part of the message, part of the hint (if there is one). */
type Row = [string, string, string, string, string?]

const panes = `select window_end, count(*) as n from tumble(bid, ts, interval '1' second)
  group by window_end emit final early every interval '1' second`
const second = "tumble(bid, ts, interval '1' second)"

const table: Row[] = [
  // Names
  ['select * from bids', 'unknown_name', 'bids', 'table bids does not exist', 'did you mean bid?'],
  ['select prize from bid', 'unknown_name', 'prize', 'column prize', 'did you mean price?'],
  ['select b.prize from bid b', 'unknown_name', 'b.prize', 'b has no column prize', 'price'],
  ['select bit.price from bid', 'unknown_name', 'bit.price', 'table bit is not in FROM', 'bid'],
  ['select x.* from bid', 'unknown_name', 'x.*', 'table x is not in FROM'],
  ['select uper(url) from bid', 'unknown_name', 'uper(url)', 'function uper', 'upper'],
  ['select x', 'unknown_name', 'x', 'column x does not exist', 'no FROM'],
  ['select auction from bid group by 3', 'unknown_name', '3', 'GROUP BY 3'],
  ['select auction from bid order by 2', 'unknown_name', '2', 'ORDER BY 2'],
  [
    'select id from side a join side b on a.id = b.id',
    'ambiguous_name',
    'id',
    'id is ambiguous',
    'a.id or b.id',
  ],
  ['create table side (x int)', 'duplicate_name', 'side', 'table side exists already', 'DROP'],
  ['create table t (x int, X int)', 'duplicate_name', 'X', 'column X is there twice'],
  ['insert into side (id, ID) values (1, 2)', 'duplicate_name', 'ID', 'named twice'],
  ['create table t (x intege)', 'unknown_name', 'intege', 'type INTEGE', 'INTEGER'],
  ['drop table sides', 'unknown_name', 'sides', 'table sides', 'side'],
  ['drop stream side', 'unknown_name', 'side', 'side is a table, not a stream', 'DROP TABLE'],
  ['drop stream bid', 'dependency', 'bid', 'bid is needed by cheap, totals, copies', 'drop cheap'],
  ['describe nothing', 'unknown_name', 'nothing', 'table nothing'],
  ['explain explain select 1', 'unsupported', 'explain select 1', 'EXPLAIN of EXPLAIN', 'a query'],
  ['explain show tables', 'unsupported', 'show tables', 'EXPLAIN of SHOW', 'a query'],
  [
    'insert into side (id, lable) values (1, 2)',
    'unknown_name',
    'lable',
    'no column lable',
    'label',
  ],
  // Types
  ['select url + 1 from bid', 'type_mismatch', 'url + 1', '+ does not take VARCHAR and INTEGER'],
  ['select -url from bid', 'type_mismatch', 'url', '- does not take VARCHAR'],
  [
    'select price = ok from bid join plain on auction = k',
    'type_mismatch',
    'price = ok',
    '= does not take DOUBLE and BOOLEAN',
  ],
  ['select * from bid where url = 5', 'type_mismatch', 'url = 5', 'VARCHAR and INTEGER', 'CAST'],
  ['select * from bid where price', 'type_mismatch', 'price', 'WHERE takes BOOLEAN, not DOUBLE'],
  ['select not price from bid', 'type_mismatch', 'price', 'NOT takes BOOLEAN'],
  [
    'select case when ok then 1 else at end from plain',
    'type_mismatch',
    'at',
    'CASE cannot give INTEGER and TIMESTAMP(0)',
  ],
  ['select coalesce(url, price) from bid', 'type_mismatch', 'price', 'VARCHAR and DOUBLE'],
  [
    'select cast(ok as date) from plain',
    'type_mismatch',
    'cast(ok as date)',
    'BOOLEAN cannot be cast to DATE',
  ],
  ['select sum(url) from bid', 'type_mismatch', 'url', 'sum does not take VARCHAR'],
  ['select min(ok) from plain', 'type_mismatch', 'ok', 'min does not take BOOLEAN'],
  ['select round() from bid', 'type_mismatch', 'round()', 'round takes 1 to 2 arguments, not 0'],
  ['select lower(price) from bid', 'type_mismatch', 'price', 'lower does not take DOUBLE', 'CAST'],
  [
    'select extract(hour from price) from bid',
    'type_mismatch',
    'price',
    'hour does not take DOUBLE',
  ],
  ['select 1 || 2', 'type_mismatch', '1 || 2', '|| does not take INTEGER and INTEGER'],
  ['select price like url from bid', 'type_mismatch', 'price', 'LIKE does not take DOUBLE'],
  ['values (1), (true)', 'type_mismatch', 'true', 'INTEGER and BOOLEAN'],
  ['values (1, 2), (3)', 'type_mismatch', '3', 'rows of VALUES have 2 and 1 columns'],
  ['insert into side values (1, 2)', 'type_mismatch', '1, 2', '3 target columns and 2 values'],
  [
    'insert into side select id, label from side',
    'type_mismatch',
    'select id, label from side',
    '3 target columns and 2',
  ],
  [
    'insert into side select ts, url, 1 from bid',
    'type_mismatch',
    'ts',
    'column id takes INTEGER, not TIMESTAMP(3)',
    'CAST',
  ],
  [
    'select * from bid order by price limit 1.5',
    'type_mismatch',
    '1.5',
    'LIMIT takes a whole number',
  ],
  ['create view v (a, b) as select 1', 'type_mismatch', 'a, b', '1 columns, and 2 names'],
  ['select * from (select 1, 2) as t (a, b, c)', 'type_mismatch', 'c', 'has 2 columns, not 3'],
  ['select * from side as s (a, b, c, d)', 'type_mismatch', 'd', 'has 3 columns, not 4'],
  ['select * exclude (lable) from side', 'unknown_name', 'lable', 'no column lable', 'label'],
  ['select * exclude (id) rename (id as k) from side', 'duplicate_name', 'id', 'stands twice'],
  ['select s.* replace (1 as x) from side s', 'unknown_name', 'x', '* has no column x'],
  [
    'select * exclude (id, label, rate) from side',
    'syntax',
    '* exclude (id, label, rate)',
    'no columns',
  ],
  ["select columns('^z') from side", 'unknown_name', "columns('^z')", "no column is found by '^z'"],
  ["select columns('(') from side", 'invalid_literal', "columns('(')", 'no regular expression'],
  ['select label, count(*) + id from side group by all', 'invalid_grouping', 'id', 'id is neither'],
  ['create table t (a, b) as select 1', 'type_mismatch', 'b', 'has 1 columns, not 2'],
  ['create table t (a, A) as select 1, 2', 'duplicate_name', 'A', 'column A is there twice'],
  [
    'create table t (a int, b) as select 1, 2',
    'unsupported',
    'a int',
    'types of columns beside AS',
  ],
  // Literals
  ["select * from bid where ts > 'soon'", 'invalid_literal', "'soon'", "'soon' is no TIMESTAMP"],
  ["select date '2026-02-30'", 'invalid_literal', "date '2026-02-30'", 'is no DATE'],
  [
    "select interval '1:30' second",
    'invalid_literal',
    "interval '1:30' second",
    'is not an INTERVAL',
  ],
  ["select price in (1, 'x') from bid", 'invalid_literal', "'x'", "'x' is no DOUBLE"],
  ["select 'a' like 'b' escape 'cd'", 'invalid_literal', "'cd'", 'ESCAPE takes one character'],
  ['select 1e999', 'invalid_literal', '1e999', 'does not fit into DOUBLE'],
  ["insert into side values ('one', 'x', 1)", 'invalid_literal', "'one'", "'one' is no INTEGER"],
  // Grouping
  [
    'select auction, price from bid group by auction',
    'invalid_grouping',
    'price',
    'price is neither grouped',
    'max(price)',
  ],
  ['select * from bid group by auction', 'invalid_grouping', '*', 'bidder is neither grouped'],
  [
    'select auction, count(*) from bid',
    'invalid_grouping',
    'auction',
    'auction is neither grouped',
  ],
  [
    'select auction from bid where count(*) > 1',
    'invalid_grouping',
    'count(*)',
    'cannot stand in WHERE',
    'HAVING',
  ],
  ['select sum(count(*)) from bid', 'invalid_grouping', 'count(*)', 'cannot stand in an aggregate'],
  ['select count(*) as n from bid group by n', 'invalid_grouping', 'n', 'cannot be a key'],
  [
    'select count(*) from bid group by auction having price > 1',
    'invalid_grouping',
    'price',
    'price is neither',
  ],
  [
    'select count(*) from bid group by auction order by price',
    'invalid_grouping',
    'price',
    'price is neither',
  ],
  [
    'select distinct auction from bid order by price',
    'invalid_grouping',
    'price',
    'SELECT DISTINCT',
  ],
  // Windows
  [
    "select * from tumble(bid, price, interval '1' second)",
    'invalid_window',
    'price',
    'price is DOUBLE',
    'ts is a TIMESTAMP',
  ],
  [
    "select * from tumble(bid, ts, interval '0' second)",
    'invalid_window',
    "interval '0' second",
    'must be positive',
  ],
  [
    "select * from hop(bid, ts, interval '-1' second, interval '1' minute)",
    'invalid_window',
    "interval '-1' second",
    'slide of HOP must be positive',
  ],
  [
    "select * from cumulate(bid, ts, interval '3' second, interval '10' second)",
    'invalid_window',
    "interval '10' second",
    'must be a multiple of its step',
  ],
  [
    "select * from cumulate(bid, ts, interval '0' second, interval '10' second)",
    'invalid_window',
    "interval '0' second",
    'step of CUMULATE must be positive',
  ],
  [
    'select * from tumble(bid, ts, 10)',
    'invalid_window',
    '10',
    'is an INTERVAL DAY TO SECOND, not INTEGER',
    'INTERVAL',
  ],
  [
    "select * from tumble(plain, at, interval '0.5' second)",
    'invalid_window',
    "interval '0.5' second",
    'finer than the time column',
  ],
  [
    "select * from hop(bid, ts, interval '1' millisecond, interval '1' day)",
    'invalid_window',
    "interval '1' millisecond",
    '86400000 windows',
  ],
  [
    "select count(*) from tumble(bid, nope, interval '1' second)",
    'unknown_name',
    'nope',
    'column nope',
  ],
  // ASOF joins
  [
    'select 1 from bid a asof join bid b on a.auction = b.auction',
    'syntax',
    'bid a asof join bid b on a.auction = b.auction',
    'needs a comparison of the times',
    'a.ts >= b.ts',
  ],
  [
    'select 1 from bid a asof join bid b on a.ts >= b.ts and a.price > b.price',
    'syntax',
    'bid a asof join bid b on a.ts >= b.ts and a.price > b.price',
    'has one comparison of the times',
  ],
  [
    'select 1 from bid a asof join bid b on a.ts >= b.ts and b.price > 3',
    'syntax',
    'a.ts >= b.ts and b.price > 3',
    'takes equalities and one comparison',
    'into WHERE',
  ],
  [
    'select 1 from bid a asof join bid b match_condition (a.ts = b.ts) on a.auction = b.auction',
    'syntax',
    'a.ts = b.ts',
    'MATCH_CONDITION of an ASOF JOIN takes one comparison',
  ],
  [
    'select 1 from bid a asof right join bid b using (auction, ts)',
    'unsupported',
    'bid a asof right join bid b using (auction, ts)',
    'ASOF RIGHT JOIN',
    'change the sides over',
  ],
  [
    'select 1 from bid a asof join bid b using (auction, ts) emit on window close',
    'invalid_emit',
    'emit on window close',
    'aggregates no windows',
  ],
  // Emission
  [
    'select auction, count(*) from bid group by auction emit on window close',
    'invalid_emit',
    'emit on window close',
    'not grouped by window columns',
    'TUMBLE',
  ],
  [
    `select auction, count(*) from ${second} group by auction emit on window close`,
    'invalid_emit',
    'emit on window close',
    'not grouped by window columns',
    'window_start',
  ],
  [
    `select window_end, count(*) from tumble(plain, at, interval '1' second)
      group by window_end emit on window close`,
    'invalid_emit',
    'emit on window close',
    'no watermark on plain',
    'WATERMARK FOR',
  ],
  [
    `select max(n) from (select count(*) as n from ${second} group by window_end)
      emit on window close`,
    'invalid_emit',
    'emit on window close',
    'an outer aggregate over windows',
    'outer aggregate by window_start',
  ],
  [
    'select price from bid emit on window close',
    'invalid_emit',
    'emit on window close',
    'aggregates no windows',
    'EMIT CHANGES',
  ],
  [
    `select n from (select auction, window_end, count(*) as n from ${second}
      group by auction, window_end) left join side on auction = id emit on window close`,
    'invalid_emit',
    'emit on window close',
    'LEFT JOIN takes rows back',
    'inner join',
  ],
  [
    "select price from bid emit every interval '0' second",
    'invalid_emit',
    "interval '0' second",
    'EMIT EVERY takes a positive INTERVAL',
  ],
  [
    'select price from bid emit periodic 5',
    'invalid_window',
    '5',
    'EMIT EVERY is an INTERVAL DAY TO SECOND, not INTEGER',
    "INTERVAL '10' SECOND",
  ],
  [
    "select price from bid emit changes with batch interval '-1' second",
    'invalid_emit',
    "interval '-1' second",
    'WITH BATCH takes a positive INTERVAL',
  ],
  [
    `select window_end, count(*) from ${second} group by window_end
      emit final early every interval '1' month`,
    'invalid_window',
    "interval '1' month",
    'EARLY EVERY is an INTERVAL',
  ],
  [
    `select price from bid emit final early every interval '1' second`,
    'invalid_emit',
    `emit final early every interval '1' second`,
    'aggregates no windows',
  ],
  [
    `select window_end, count(*) from ${second} group by window_end
      emit final with delay interval '1' second and timeout interval '2' second late on update for interval '1' hour`,
    'unsupported',
    "interval '2' second",
    'AND TIMEOUT beside',
  ],
  [
    `select window_end, count(*) from ${second} group by window_end
      emit on window close late on update for interval '0' second`,
    'invalid_emit',
    "interval '0' second",
    'LATE ON UPDATE FOR takes a positive INTERVAL',
  ],
  [
    `create stream x as ${panes}`,
    'invalid_emit',
    panes,
    'takes rows back',
    'EMIT ON WINDOW CLOSE makes',
  ],
  [
    'insert into files select auction, count(*), max(ts) from bid group by auction',
    'invalid_emit',
    'files',
    'takes new rows only',
    'EMIT ON WINDOW CLOSE',
  ],
  [
    'insert into files select auction, 1, null from totals',
    'invalid_emit',
    'files',
    'takes rows back',
    'sink with a key',
  ],
  // Bounds, parameters, options
  ['select * from endless', 'unbounded', 'endless', 'endless never ends', 'EMIT CHANGES'],
  [
    'select * from bid where price > $2',
    'invalid_parameter',
    '$2',
    'no value was given for parameter 2',
    '1 value was given',
  ],
  ['select :limit', 'invalid_parameter', ':limit', 'no value was given for :limit'],
  [
    "create table t (x int) with ('connector' = 'file')",
    'invalid_option',
    "'connector' = 'file'",
    'connector file does not exist',
    'files',
  ],
  [
    "create table t (x int) with ('connector' = 'kafka')",
    'invalid_option',
    "'connector' = 'kafka'",
    'connector kafka',
    'there are endless, files, hole',
  ],
  [
    "create table t (x int) with ('connector' = 'strict')",
    'invalid_option',
    "'connector' = 'strict'",
    'option path is missing',
  ],
  [
    "create table t with ('connector' = 'files')",
    'invalid_option',
    't',
    'does not know the columns',
    'parentheses',
  ],
  // NULL
  ['insert into side (label) values (1)', 'not_null', 'label', 'column id of side needs a value'],
  ["insert into side values (null, 'x', 1)", 'not_null', 'null', 'column id takes no NULL'],
  ["insert into bid values (1, 1, 1, 1, 'x', null)", 'not_null', 'null', 'column ts takes no NULL'],
  // Watermarks
  [
    'create stream s (x int, watermark for x)',
    'type_mismatch',
    'x',
    'a watermark needs a TIMESTAMP column',
  ],
  ['create stream s (x int, watermark for y)', 'unknown_name', 'y', 'column y does not exist'],
  [
    "create stream s (t timestamp, watermark for t as t + interval '1' second)",
    'unsupported',
    "t + interval '1' second",
    'a watermark that is not',
    'INTERVAL',
  ],
  // Views
  [
    'create view v as select 1; create or replace view v as select * from v',
    'dependency',
    'v',
    'view v reads itself',
  ],
  // Not there yet
  [
    'select auction, price from bid union select id from person',
    'type_mismatch',
    'select id from person',
    'UNION of 2 and 1 columns',
  ],
  [
    'select auction from bid except select name from person',
    'type_mismatch',
    'select name from person',
    'column 1 of EXCEPT cannot be BIGINT and VARCHAR',
  ],
  [
    'select 1 from bid where auction in (select id, name from person)',
    'type_mismatch',
    'auction in (select id, name from person)',
    'IN compares 1 and 2 values',
  ],
  [
    'with x as (select 1), x as (select 2) select * from x',
    'duplicate_name',
    'x',
    'x stands twice in WITH',
  ],
  [
    'select * from generate_series(1, 10, 0)',
    'invalid_literal',
    '0',
    'the step of generate_series is 0',
  ],
  ['select stbox(url) from bid', 'unsupported', 'stbox(url)', 'function stbox'],
  ['create table t (x decimal(40, 2))', 'invalid_literal', 'decimal(40, 2)', 'is not a type', '38'],
  ['create table t (x uhugeint)', 'unsupported', 'uhugeint', 'type UHUGEINT'],
  [
    "select interval '1 moon'",
    'invalid_literal',
    "interval '1 moon'",
    "'1 moon' is not an INTERVAL",
  ],
  ["select interval '1 month 25:99'", 'invalid_literal', "interval '1 month 25:99'", 'INTERVAL'],
  ["select cast('soon' as interval)", 'invalid_literal', "'soon'", "'soon' is no INTERVAL"],
  [
    'select cast(1 as interval)',
    'type_mismatch',
    'cast(1 as interval)',
    'INTEGER cannot be cast to INTERVAL',
  ],
  [
    "select interval '1 mon 1 day' * interval '1' day",
    'type_mismatch',
    "interval '1 mon 1 day' * interval '1' day",
    '* does not take INTERVAL and INTERVAL DAY TO SECOND',
  ],
  [
    "select 2 / interval '1' month",
    'type_mismatch',
    "2 / interval '1' month",
    '/ does not take INTEGER and INTERVAL YEAR TO MONTH',
  ],
  [
    "select extract(dow from interval '1 mon 1 day')",
    'type_mismatch',
    "interval '1 mon 1 day'",
    'dow does not take INTERVAL',
  ],
  [
    'select first(price) from bid',
    'invalid_grouping',
    'first(price)',
    'FIRST needs an order',
    'ORDER BY',
  ],
  [
    "select json_query(url, '$.a' with wrapper keep quotes) from bid",
    'type_mismatch',
    'keep',
    'QUOTES go without a wrapper',
  ],
  [
    'select unix_timestamp(1, 2, 3)',
    'type_mismatch',
    'unix_timestamp(1, 2, 3)',
    'takes 0 to 2 arguments',
  ],
  ['select row(1, 2) < row(1)', 'type_mismatch', 'row(1, 2) < row(1)', 'cannot compare', 'members'],
  [
    'select cast(row(1, 2) as row<a int>)',
    'type_mismatch',
    'cast(row(1, 2) as row<a int>)',
    'cannot be cast to STRUCT(a INTEGER)',
  ],
  ['select age(1)', 'type_mismatch', '1', 'age does not take INTEGER'],
  ["select make_interval('x')", 'invalid_literal', "'x'", "'x' is no BIGINT"],
  [
    "select sum(distinct interval '1 mon 1 day') from bid",
    'unsupported',
    "interval '1 mon 1 day'",
    'sum(DISTINCT) of an INTERVAL of months and days',
  ],
  [
    "select window_start from tumble(bid, ts, interval '1 month 1 day')",
    'invalid_window',
    "interval '1 month 1 day'",
    'is an INTERVAL DAY TO SECOND, not INTERVAL',
    "INTERVAL '10' SECOND",
  ],
  [
    "select cast(date '2026-01-01' as time)",
    'type_mismatch',
    "cast(date '2026-01-01' as time)",
    'TIME',
  ],
  ['select * from hole', 'unsupported', 'hole', 'reading from connector hole'],
  ['insert into totals values (1, 2)', 'unsupported', 'totals', 'INSERT INTO a materialized view'],
  ['insert into endless select 1, null', 'unsupported', 'endless', 'writing to connector endless'],
  [
    'create view v as select price from bid where price > $1',
    'unsupported',
    '$1',
    'parameters in CREATE',
  ],
  [
    'select * from (select price from bid emit changes)',
    'unsupported',
    'emit changes',
    'EMIT inside another query',
    'end of the statement',
  ],
  ["select id ~ 'x' from side", 'type_mismatch', "id ~ 'x'", '~ does not take INTEGER and VARCHAR'],
  ["select label !~* '(' from side", 'invalid_literal', "'('", 'no regular expression'],
  ["select label similar to '(' from side", 'invalid_literal', "'('", 'no regular expression'],
  ["select id ilike 'x' from side", 'type_mismatch', 'id', 'ILIKE does not take INTEGER'],
  ["select label ilike 'x' escape 'y' from side", 'unsupported', "'y'", 'ESCAPE that is a letter'],
  [
    'select label & 1 from side',
    'type_mismatch',
    'label & 1',
    '& does not take VARCHAR and INTEGER',
  ],
  ['select ~ rate from side', 'type_mismatch', '~ rate', '~ does not take DECIMAL(4, 3)'],
  ["select id -> 'a' from side", 'type_mismatch', "id -> 'a'", '-> does not take INTEGER'],
  [
    'select label ^ 2 from side',
    'type_mismatch',
    'label ^ 2',
    '^ does not take VARCHAR and INTEGER',
  ],
  ['select (1, 2) < (1, 2, 3)', 'type_mismatch', '(1, 2) < (1, 2, 3)', 'rows of 2 and 3 values'],
  ['select (1, 2) + (1, 2)', 'type_mismatch', '(1, 2) + (1, 2)', '+ does not take row values'],
  [
    'select (id, label) in (select id, label from side) from side',
    'unsupported',
    '(id, label) in (select id, label from side)',
    'IN with rows',
    'WHERE',
  ],
  [
    'select (id, 1) in (select id from side) from side',
    'type_mismatch',
    '(id, 1) in (select id from side)',
    'IN compares 2 and 1 values',
  ],
  [
    'select id < any (select id, label from side) from side',
    'type_mismatch',
    'id < any (select id, label from side)',
    '< compares 1 and 2 values',
  ],
  [
    'select id = all (select label from side) from side',
    'type_mismatch',
    'id = all (select label from side)',
    '= does not take INTEGER and VARCHAR',
  ],
  [
    'select (select v + max(k) from plain p where p.k = s.id) from side s',
    'invalid_grouping',
    'v',
    'neither grouped nor aggregated',
  ],
  ['select id + any (select 1) from side', 'syntax', '+', 'does not take ANY or ALL'],
  ['select (1, 2)', 'unsupported', '(1, 2)', 'a row value in this place', 'ROW'],
  ['select id is unknown from side', 'type_mismatch', 'id', 'IS takes BOOLEAN, not INTEGER'],
  ['select floor(ts to fortnight) from bid', 'unknown_name', 'fortnight', 'unit fortnight'],
  ["select decode(id, 'x', 1) from side", 'invalid_literal', "'x'", 'no INTEGER'],
  ['select decode(id, 1, 1, 2, true) from side', 'type_mismatch', 'true', 'decode cannot give'],
]

describe('mistakes', () => {
  test.each(table)('%s', (sql, code, at, message, hint) => {
    const found = mistakes(sql, { positional: [1] })
    expect(found.map((d) => d.message).join('\n')).toContain(message)
    const first = found.find((d) => d.message.includes(message))!
    expect({ code: first.code, at: first.at }).toEqual({ code, at })
    if (hint !== undefined) expect(first.hint).toContain(hint)
    expect(first.message).not.toMatch(/\.$/)
  })

  test('one run reports the mistakes of several clauses, in the order of the text', () => {
    const found = mistakes('select prize, uper(url) from bid where ts > 5 and nope = 1')
    expect(found.map((d) => d.at)).toEqual(['prize', 'uper(url)', 'ts > 5', 'nope'])
  })

  test('a comma join tells an ambiguous condition before a missing one', () => {
    const found = mistakes('select * from side a, side b where id = 3')
    expect(found.map((d) => [d.code, d.at])).toEqual([['ambiguous_name', 'id']])
  })
})
