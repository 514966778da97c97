/**
 * Follow: what a subscription tells, beside the changes of its query: messages by key, metadata, an order of its own,
 * a beginning in the past and an end.
 */
import { compareValues, type Op, type Row } from '../../src/data/index.ts'
import type { Following } from '../../src/plan/index.ts'
import { compareRows } from './value.ts'
import { OracleQuery, type Shown, type World } from './world.ts'

interface Told {
  op: Op
  row: Row
}

const comes = (op: Op) => op === '+I' || op === '+U'

export class OracleFollower {
  readonly query: OracleQuery
  readonly #following: Following
  readonly #world: World
  /** All rows that the query shows. */
  #rows: Row[] = []
  #began = false
  #ended = false

  constructor(following: Following, world: World) {
    this.#following = following
    this.#world = world
    this.query = new OracleQuery(following.query.plan, world)
  }

  /** A commit over all that is there, or over what stands before a position of the log. */
  commit(position: number | null = null): { told: Told[]; shown: Shown } {
    const { upTo, snapshot } = this.#following
    const nothing: Shown = { changes: [], errors: [], late: [] }
    if (this.#ended) return { told: [], shown: nothing }
    let limit = position
    if (upTo !== null && 'offset' in upTo && (position ?? this.#world.position) >= upTo.offset) {
      this.#ended = true
      limit = upTo.offset
    }
    const shown = this.query.commit(limit)
    const told = this.#told(shown)
    const isHidden = !this.#began && !snapshot
    this.#began = true
    return { told: isHidden ? [] : told, shown }
  }

  #told({ changes }: Shown): Told[] {
    const { envelope, metadata, order, fields } = this.#following
    const before = [...this.#rows]
    for (const { op, row } of changes) {
      if (comes(op)) this.#rows.push(row)
      else
        this.#rows.splice(
          this.#rows.findIndex((one) => compareRows(one, row) === 0),
          1,
        )
    }
    const own = envelope === null ? changes : this.#messages(changes, before)
    const told = own.map(({ op, row }): Told => {
      const cells = metadata.map((name) => {
        if (name === '_op') return op
        if (name === '_diff') return comes(op) ? 1 : -1
        if (name === '_ts') return this.#world.now
        throw new Error(`the interpreter does not know ${name}`)
      })
      return { op, row: [...cells, ...row] }
    })
    // The last key first: each sort keeps the order of those before it.
    for (const { column, descending, nullsFirst } of [...order].reverse()) {
      told.sort((a, b) => {
        const [left, right] = [a.row[column]!, b.row[column]!]
        if (left === null || right === null) {
          return left === right ? 0 : (left === null) === nullsFirst ? -1 : 1
        }
        const found = compareValues(left, right, fields[column]!.type)
        return descending ? -found : found
      })
    }
    return told
  }

  /** One for each key that has changed, in the order of their first changes. */
  #messages(changes: readonly Told[], before: readonly Row[]): Told[] {
    const { envelope, query } = this.#following
    const { key, form } = envelope!
    const keyOf = (row: Row) => key.map((column) => row[column]!)
    const keys: Row[] = []
    for (const { row } of changes) {
      const own = keyOf(row)
      if (!keys.some((one) => compareRows(one, own) === 0)) keys.push(own)
    }
    const others = query.plan.output.flatMap((_, at) => (key.includes(at) ? [] : [at]))
    const values = (rows: readonly Row[]) =>
      others.map((at) => (rows.length === 1 ? rows[0]![at]! : null))
    return keys.map((own): Told => {
      const under = (rows: readonly Row[]) =>
        rows.filter((row) => compareRows(keyOf(row), own) === 0)
      const [old, now] = [under(before), under(this.#rows)]
      const isNew = form === 'debezium' && old.length === 0
      const one = isNew ? 'insert' : 'upsert'
      const state = now.length === 0 ? 'delete' : now.length === 1 ? one : 'key_violation'
      const images = form === 'debezium' ? [...values(old), ...values(now)] : values(now)
      return { op: '+I', row: [state, ...own, ...images] }
    })
  }
}
