/**
 * Sorted rows: a bag of rows in an order, into which rows come and out of which they go anywhere.
 *
 * How      The rows lie in pieces of some hundred each, so that one that comes or goes shifts only its piece. A piece
 *          that grows too long is halved, an empty one goes.
 * Contract 1 (checked by test/runtime/sorted-rows.test.ts) the entries are those of one sorted array.
 * Cost     O(log n) comparisons and a shift of some hundred places for each change.
 */
import type { Contribution } from './changes.ts'

const pieceMax = 512

export class SortedRows {
  readonly #compare: (a: Contribution, b: Contribution) => number
  /** None is empty. */
  readonly #pieces: Contribution[][] = []
  #size = 0

  constructor(compare: (a: Contribution, b: Contribution) => number) {
    this.#compare = compare
  }

  /** Entries; an entry stands for as many rows as its weight says. */
  get size(): number {
    return this.#size
  }

  /** The row behind all others. */
  get last(): Contribution | undefined {
    return this.#pieces.at(-1)?.at(-1)
  }

  *[Symbol.iterator](): Generator<Contribution> {
    for (const piece of this.#pieces) yield* piece
  }

  /** Adds the weight of a row to the entry of its place; by how much the entries became more: 1, 0 or −1. */
  change(row: Contribution): number {
    const { length } = this.#pieces
    const number = first(length, (at) => this.#compare(this.#pieces[at]!.at(-1)!, row) >= 0)
    // What is behind all others goes to the last piece.
    const home = Math.min(number, length - 1)
    const piece = this.#pieces[home]
    if (piece === undefined) {
      this.#pieces.push([row])
      return this.#grown(1)
    }
    const place = first(piece.length, (at) => this.#compare(piece[at]!, row) >= 0)
    const same = piece[place]
    if (same === undefined || this.#compare(same, row) !== 0) {
      piece.splice(place, 0, row)
      if (piece.length > pieceMax) this.#pieces.splice(home + 1, 0, piece.splice(pieceMax >>> 1))
      return this.#grown(1)
    }
    same.weight += row.weight
    if (same.weight !== 0) return 0
    piece.splice(place, 1)
    if (piece.length === 0) this.#pieces.splice(home, 1)
    return this.#grown(-1)
  }

  /** Takes the row behind all others away. */
  pop(): Contribution | undefined {
    const piece = this.#pieces.at(-1)
    const row = piece?.pop()
    if (piece?.length === 0) this.#pieces.pop()
    if (row !== undefined) this.#size--
    return row
  }

  #grown(by: number): number {
    this.#size += by
    return by
  }
}

/** The first of so many places for which it holds, as it does for all behind it; their number if for none. */
function first(count: number, holds: (at: number) => boolean): number {
  let low = 0
  let high = count
  while (low < high) {
    const middle = (low + high) >>> 1
    if (holds(middle)) high = middle
    else low = middle + 1
  }
  return low
}
