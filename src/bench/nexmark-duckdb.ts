/**
 * DuckDB beside Nexmark: the queries as DuckDB says them over the tables person, auction and bid, and their times.
 *
 * How      Rows of equal order keys stand in the order of the events. For the benchmark the events come by way of a
 *          Parquet file into one table in memory, with a column for each field of a kind, and person, auction and bid
 *          are views of it, as they are for Millrace. A run is the whole answer as a batch, made in memory and not
 *          read; its time is that of all threads, of which one works.
 */
import { spawnSync } from 'node:child_process'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Type } from '../data/index.ts'
import type { Database } from '../database/index.ts'

const open = 'A.id = B.auction and B.dateTime between A.dateTime and A.expires'
const hopCounts = `
  select auction, count(*) as num, s from (
    select auction, unnest(range(
      (epoch_us(dateTime) // 2000000) * 2000000 - 8000000,
      (epoch_us(dateTime) // 2000000) * 2000000 + 1, 2000000)) as s
    from bid)
  group by auction, s`
const slice = (time: string) => `(epoch_us(${time}) // 10000000) * 10000000`
const ranks = ['true', 'price < 10000', 'price >= 10000 and price < 1000000', 'price >= 1000000']
const counted = (what: string) =>
  ranks.map((rank) => `count(${what}) filter (where ${rank})`).join(', ')
const statistics = `${counted('*')}, ${counted('distinct bidder')}, ${counted('distinct auction')}`
const known = "lower(channel) in ('apple', 'google', 'facebook', 'baidu')"
const channelId = "regexp_extract(url, '(&|^)channel_id=([^&]*)', 2)"
const day = "strftime(dateTime, '%Y-%m-%d')"

/** By name; each gives the rows that the sink of the same name has at last. */
export const duckdbQueries: Readonly<Record<string, string>> = {
  q0: 'select auction, bidder, price, dateTime, extra from bid',
  q1: 'select auction, bidder, 0.908 * price, dateTime, extra from bid',
  q2: 'select auction, price from bid where auction % 123 = 0',
  q3: `select P.name, P.city, P.state, A.id from auction A join person P on A.seller = P.id
    where A.category = 10 and P.state in ('OR', 'ID', 'CA')`,
  q4: `select category, cast(avg(final) as bigint) from (
      select max(B.price) as final, A.category from auction A, bid B where ${open} group by A.id, A.category)
    group by category`,
  q5: `with counts as (${hopCounts})
    select auction, num from counts c where num = (select max(num) from counts d where d.s = c.s)`,
  q6: `select seller, cast(avg(final) over (
      partition by seller order by dateTime, final rows between 10 preceding and current row) as bigint)
    from (select A.id, A.seller, B.price as final, B.dateTime,
        row_number() over (partition by A.id order by B.price desc, B.dateTime) as n
      from auction A, bid B where ${open})
    where n = 1`,
  q7: `with top as (select max(price) as price, ${slice('dateTime')} as s from bid group by s)
    select auction, bidder, B.price, dateTime, extra from bid B join top on B.price = top.price
    where epoch_us(dateTime) between s and s + 10000000`,
  q8: `with P as (select distinct id, name, ${slice('dateTime')} as s from person),
      A as (select distinct seller, ${slice('dateTime')} as s from auction)
    select id, name, make_timestamp(P.s) from P join A on id = seller and P.s = A.s`,
  q9: `select * exclude (n) from (
      select A.*, B.auction, B.bidder, B.price, B.dateTime as at, B.extra as more,
        row_number() over (partition by A.id order by B.price desc, B.dateTime, B.bidder, B.extra) as n
      from auction A, bid B where ${open})
    where n = 1`,
  q10: `select auction, bidder, price, dateTime, extra, ${day}, strftime(dateTime, '%H:%M') from bid`,
  q11: `with marked as (select bidder, dateTime, case when epoch_us(dateTime) - lag(epoch_us(dateTime)) over (
        partition by bidder order by dateTime) <= 10000000 then 0 else 1 end as first from bid),
      islands as (select *, sum(first) over (partition by bidder order by dateTime) as island from marked)
    select bidder, count(*), min(dateTime), max(dateTime) + interval '10' second
    from islands group by bidder, island`,
  q12: 'select bidder, count(*) from bid group by bidder',
  q13: 'select auction, bidder, price, dateTime, cast(auction % 10000 as varchar) from bid',
  q14: `select auction, bidder, 0.908 * price,
      case when hour(dateTime) between 8 and 18 then 'dayTime'
        when hour(dateTime) <= 6 or hour(dateTime) >= 20 then 'nightTime' else 'otherTime' end,
      dateTime, extra, length(extra) - length(replace(extra, 'c', ''))
    from bid where 0.908 * price > 1000000 and 0.908 * price < 50000000`,
  q15: `select ${day}, ${statistics} from bid group by ${day}`,
  q16: `select channel, ${day}, max(strftime(dateTime, '%H:%M')), ${statistics} from bid group by channel, ${day}`,
  q17: `select auction, ${day}, ${counted('*')}, min(price), max(price), cast(avg(price) as bigint), sum(price)
    from bid group by auction, ${day}`,
  q18: `select * exclude (n) from (
      select *, row_number() over (partition by bidder, auction order by dateTime desc, rowid) as n from bid)
    where n = 1`,
  q19: `select * from (
      select *, row_number() over (partition by auction order by price desc, rowid) as n from bid)
    where n <= 10`,
  q20: `select auction, bidder, price, channel, url, B.dateTime, B.extra, itemName, description, initialBid, reserve,
      A.dateTime, expires, seller, category, A.extra
    from bid B join auction A on B.auction = A.id where A.category = 10`,
  q21: `select auction, bidder, price, channel, case lower(channel) when 'apple' then '0' when 'google' then '1'
      when 'facebook' then '2' when 'baidu' then '3' else ${channelId} end
    from bid where ${channelId} <> '' or ${known}`,
  q22: `select auction, bidder, price, channel, split_part(url, '/', 4), split_part(url, '/', 5),
      split_part(url, '/', 6)
    from bid`,
  q23: `select A.id, A.itemName, P.name, B.price, B.dateTime
    from bid B join auction A on B.auction = A.id join person P on B.bidder = P.id`,
  q101: `select id, itemName, highest from auction
    left join (select auction, max(price) as highest from bid group by auction) on id = auction`,
  q102: `select id, itemName, count(*) as n from auction join bid on id = auction group by id, itemName
    having n >= (select count(*) // count(distinct auction) from bid)`,
  q105: `select id, itemName, count(*) as n from auction join bid on id = auction group by id, itemName
    order by n desc, id limit 100`,
}

/** Queries that a batch does not ask: q10 writes files, q12 counts by the clock. */
const unasked = ['q10', 'q12']

export interface NexmarkPeer {
  /** Seconds of the processor that the best of some runs takes; null for what cannot be asked. */
  bestSeconds(name: string, runs: number): Promise<number | null>
  close(): void
}

/** DuckDB with the events of a database in which the example's tables are declared; null when it is not installed. */
export async function duckdbPeer(database: Database): Promise<NexmarkPeer | null> {
  const duckdb = await import('@duckdb/node-api').catch(() => null)
  if (duckdb === null) return null
  const instance = await duckdb.DuckDBInstance.create(':memory:', { threads: '1' })
  const connection = await instance.connect()
  const folder = join(tmpdir(), `millrace-nexmark-${process.pid}`)
  try {
    const path = join(folder, 'event.parquet')
    const kinds = await Promise.all(kindNames.map((kind) => kindOf(database, kind)))
    const columns = kinds.flatMap((kind) => kind.columns)
    await database.execute(
      `CREATE TABLE event (event_type INT, dateTime TIMESTAMP(3), ${columns.map(({ name, type }) => `${name} ${type}`)})
       WITH ('connector' = 'filesystem', 'path' = '${path}');
       INSERT INTO event SELECT event_type, dateTime, ${columns.map(({ path }) => path)} FROM datagen`,
    )
    await connection.run(`create table event as select * from read_parquet('${path}')`)
    for (const { view } of kinds) await connection.run(view)
  } finally {
    const script = 'fs.rmSync(process.argv[1], { recursive: true, force: true })'
    spawnSync(process.execPath, ['-e', script, folder])
  }
  return {
    async bestSeconds(name, runs) {
      // The views have no number of the row; rows of equal order keys fall as they like.
      const sql = duckdbQueries[name]?.replaceAll(', rowid', '')
      if (sql === undefined || unasked.includes(name)) return null
      let best = Number.POSITIVE_INFINITY
      for (let run = 0; run < runs; run++) {
        const before = process.cpuUsage()
        await connection.run(sql)
        const { user, system } = process.cpuUsage(before)
        best = Math.min(best, (user + system) / 1e6)
      }
      return best
    },
    close() {
      connection.closeSync()
      instance.closeSync()
    },
  }
}

const kindNames = ['person', 'auction', 'bid']

/** The columns of one kind of event, with where they are in `datagen`, and DuckDB's view of it. */
async function kindOf(database: Database, kind: string) {
  const { fields } = await database.query(`SELECT * FROM ${kind} LIMIT 0`)
  const own = fields.filter(({ name }) => name !== 'dateTime')
  const columns = own.map(({ name, type }) => ({
    name: `${kind}_${name}`,
    type: sqlType(type),
    path: `${kind}.${name}`,
  }))
  const shown = fields.map(({ name }) =>
    name === 'dateTime' ? name : `${kind}_${name} as ${name}`,
  )
  const number = kindNames.indexOf(kind)
  const view = `create view ${kind} as select ${shown} from event where event_type = ${number}`
  return { columns, view }
}

function sqlType(type: Type): string {
  return type.kind === 'timestamp' ? 'TIMESTAMP(3)' : type.kind === 'bigint' ? 'BIGINT' : 'VARCHAR'
}
