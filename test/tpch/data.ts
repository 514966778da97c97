/**
 * Data: small tables of customers, orders and deliveries, as batches of statements that Millrace and DuckDB both take.
 *
 * How      The first batches fill the tables, children before parents in places, so that joins find their partners
 *          late; the later ones update, delete and add. NULLs stand in foreign keys, amounts, dates and texts.
 */
import type { Random } from '../../src/base/index.ts'

const nations = ['FRANCE', 'GERMANY', 'JAPAN', 'CHINA', 'BRAZIL', 'PERU']
const regions = ['EUROPE', 'ASIA', 'AMERICA', 'AFRICA']

class Data {
  readonly #random: Random

  /** How many times as much as in a small test. */
  readonly #scale: number

  constructor(random: Random, scale: number) {
    this.#random = random
    this.#scale = scale
  }

  below(end: number): number {
    return this.#random.below(end)
  }

  #pick(...texts: string[]): string {
    return this.#orNull(`'${texts[this.below(texts.length)]}'`)
  }

  #orNull(text: string, share = 0.06): string {
    return this.#random.next() < share ? 'null' : text
  }

  #upTo(end: number): string {
    return this.#orNull(String(this.below(end)))
  }

  #amount(most: number): string {
    return this.#orNull(`${this.below(most)}.${String(this.below(4) * 25).padStart(2, '0')}`)
  }

  day(): string {
    return this.#orNull(
      `date '199${3 + this.below(5)}-0${1 + this.below(9)}-${10 + this.below(18)}'`,
    )
  }

  region = (key: number): string => row(key, `'${regions[key]}'`)

  nation = (key: number): string => row(key, `'${nations[key]}'`, Math.floor(key / 2))

  supplier = (key: number): string => {
    const comment = this.#pick('quick', 'a complaint of customers', 'slow and sure')
    return row(key, `'Supplier#${key}'`, this.#upTo(6), this.#amount(900), comment)
  }

  customer = (key: number): string => {
    const balance = `${this.below(5) === 0 ? '-' : ''}${this.below(900)}.50`
    const segment = this.#pick('BUILDING', 'MACHINERY', 'FURNITURE')
    const phone = `'1${this.below(4)}-555'`
    return row(key, `'Customer#${key}'`, this.#upTo(6), phone, balance, segment)
  }

  part = (key: number): string => {
    const name = this.#pick('green steel', 'red tin', 'blue', 'a long name of a part')
    const type = this.#pick('PROMO STEEL', 'MEDIUM TIN', 'SMALL STEEL')
    const [maker, brand] = [`'M#${this.below(3)}'`, `'Brand#${1 + this.below(3)}'`]
    const size = [1, 5, 10, 20, 30, 40][this.below(6)]!
    const container = this.#pick('SM CASE', 'SM BOX', 'LG JAR')
    return row(key, name, maker, brand, type, size, container, this.#amount(100))
  }

  partsupp = (key: number): string =>
    row(
      1 + (key % (8 * this.#scale)),
      1 + Math.floor(key / (8 * this.#scale)),
      this.below(60),
      this.#amount(40),
    )

  order = (key: number): string => {
    const status = this.#pick('F', 'F', 'O', 'P')
    const priority = this.#pick('1-URGENT', '2-HIGH', '5-LOW')
    const comment = this.#pick('a special wish', 'none', '')
    const customer = this.#upTo(14 * this.#scale)
    return row(key, customer, status, this.#amount(1000), this.day(), priority, comment)
  }

  line = (order: number, number: number): string => {
    const amounts = [
      this.#amount(50),
      this.#amount(600),
      `0.0${this.below(9)}`,
      `0.0${this.below(6)}`,
    ]
    const flags = [this.#pick('R', 'A', 'N'), this.#pick('F', 'O')]
    const days = [this.day(), this.day(), this.day()]
    const how = [
      this.#pick('NONE', 'DELIVER IN PERSON'),
      this.#pick('MAIL', 'SHIP', 'AIR', 'REG AIR'),
    ]
    return row(
      order,
      number,
      this.#upTo(9 * this.#scale),
      this.#upTo(6),
      ...amounts,
      ...flags,
      ...days,
      ...how,
    )
  }
}

const row = (...cells: (string | number)[]) => `(${cells.join(', ')})`
const range = (from: number, to: number) => Array.from({ length: to - from }, (_, at) => from + at)
const insert = (table: string, rows: readonly string[]) =>
  `insert into ${table} values ${rows.join(', ')}`

/** Statements by batches; a commit follows each batch. */
export function batches(random: Random, scale = 1): string[][] {
  const data = new Data(random, scale)
  const lines = (from: number, to: number) =>
    range(from, to).flatMap((order) =>
      range(1, 1 + data.below(4)).map((number) => data.line(order, number)),
    )
  const all = <T>(from: number, to: number, row: (key: number) => T) => range(from, to).map(row)
  return [
    [insert('lineitem', lines(1, 12 * scale)), insert('part', all(1, 6 * scale, data.part))],
    [
      insert('region', all(0, 4, data.region)),
      insert('orders', all(1, 16 * scale, data.order)),
      insert('partsupp', all(0, 24 * scale, data.partsupp)),
      insert('customer', all(1, 9 * scale, data.customer)),
    ],
    [
      insert('nation', all(0, 6, data.nation)),
      insert('supplier', all(1, 5, data.supplier)),
      insert('part', all(6 * scale, 9 * scale, data.part)),
      insert('customer', all(9 * scale, 13 * scale, data.customer)),
      insert('orders', all(16 * scale, 26 * scale, data.order)),
      insert('lineitem', lines(12 * scale, 26 * scale)),
    ],
    [
      `update orders set o_totalprice = o_totalprice + 100, o_orderstatus = 'F' where o_orderkey % 4 = 1`,
      `update customer set c_nationkey = ${data.below(6)}, c_acctbal = c_acctbal + 250 where c_custkey % 3 = 0`,
      `delete from lineitem where l_orderkey % 5 = ${data.below(5)}`,
      `update partsupp set ps_supplycost = ps_supplycost * 2 where ps_suppkey = ${1 + data.below(3)}`,
    ],
    [
      `delete from orders where o_custkey % 12 = ${data.below(12)}`,
      `delete from nation where n_nationkey = ${data.below(6)}`,
      `update supplier set s_comment = 'a complaint', s_nationkey = null where s_suppkey = ${1 + data.below(4)}`,
      `update lineitem set l_quantity = l_quantity + 15, l_receiptdate = ${data.day()} where l_linenumber = 1`,
      insert('supplier', all(5, 7, data.supplier)),
    ],
    ['delete from lineitem', `delete from customer where c_custkey > ${5 * scale}`],
    [
      insert('lineitem', lines(1, 30 * scale)),
      insert('customer', all(20 * scale, 24 * scale, data.customer)),
    ],
    ['delete from orders', 'delete from supplier'],
  ]
}
