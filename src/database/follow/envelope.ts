/**
 * Envelope: the changes of a commit as messages, one for each key that has changed: what stands under it now.
 *
 * How      A plan that knows its key changes at most one row of a key in a commit: the changes alone say what was
 *          there and what is. By any other key rows may share one; then the rows that stand are kept here.
 * Format   _state, the columns of the key, and UPSERT: the other columns as they are now; DEBEZIUM: before and after.
 *          Where a key has more than one row its state is `key_violation`, without values.
 * Cost     O(changes), and the rows of the query where its key is not proven.
 */
import type { Row, Value } from '../../data/index.ts'
import type { KeyedEnvelope } from '../../plan/index.ts'
import { isDeletion, rowKey } from '../../runtime/index.ts'
import type { RawCommit } from '../subscription.ts'

/** The rows of one key before a commit and after it. */
interface Place {
  key: Value[]
  before: Row[]
  after: Row[]
}

export class Messages {
  readonly #envelope: KeyedEnvelope
  readonly #others: number[]
  /** By key; empty while the plan knows that rows do not share one. */
  readonly #standing = new Map<string, Row[]>()

  /** `width` is the number of flat columns of the query. */
  constructor(envelope: KeyedEnvelope, width: number) {
    this.#envelope = envelope
    this.#others = Array.from({ length: width }, (_, column) => column).filter(
      (column) => !envelope.key.includes(column),
    )
  }

  /** The commit as messages, in the order in which its keys changed first. */
  of(commit: RawCommit): RawCommit {
    const rows = this.#places(commit).flatMap((place) => this.#message(place))
    return { ...commit, rows, ops: rows.map(() => '+I') }
  }

  #places({ rows, ops }: RawCommit): Place[] {
    const { key, proven } = this.#envelope
    const places = new Map<string, Place>()
    rows.forEach((row, at) => {
      const name = rowKey(row, key)
      const standing = this.#standing.get(name) ?? []
      const place: Place = places.get(name) ?? {
        key: key.map((column) => row[column]!),
        before: standing,
        after: [...standing],
      }
      places.set(name, place)
      if (!isDeletion(ops[at]!)) place.after.push(row)
      else if (proven) place.before = [row]
      else take(place.after, row)
    })
    if (proven) return [...places.values()]
    for (const [name, { after }] of places) {
      if (after.length === 0) this.#standing.delete(name)
      else this.#standing.set(name, after)
    }
    return [...places.values()]
  }

  #message({ key, before, after }: Place): Row[] {
    const nothing = this.#others.map((): Value => null)
    const valuesOf = (rows: readonly Row[]) =>
      rows.length === 1 ? this.#others.map((column) => rows[0]![column]!) : nothing
    if (before.length === 0 && after.length === 0) return []
    const isUpsert = this.#envelope.form === 'upsert'
    const state = stateOf(before, after, isUpsert)
    const now = valuesOf(after)
    return [[state, ...key, ...(isUpsert ? now : [...valuesOf(before), ...now])]]
  }
}

/** Whether a key is new counts for who is told of what was before. */
function stateOf(before: readonly Row[], after: readonly Row[], isUpsert: boolean): string {
  if (after.length > 1) return 'key_violation'
  if (after.length === 0) return 'delete'
  return before.length === 0 && !isUpsert ? 'insert' : 'upsert'
}

function take(rows: Row[], row: Row): void {
  const name = rowKey(row)
  const at = rows.findIndex((one) => rowKey(one) === name)
  if (at >= 0) rows.splice(at, 1)
}
