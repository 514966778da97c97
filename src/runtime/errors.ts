/**
 * Errors: the list of failures that are true of a query now, and what a commit changes of it.
 *
 * How      Failures of a commit with equal offset, code, message and row are added up; then, by offset and removals
 *          first, each is put on the list or takes the oldest of its like (code, message, row) off it.
 * Contract 1 (checked by the golden scripts) every removal finds its like.
 * See      docs/laws.md (Errors)
 */
import { assert } from '../base/index.ts'
import { rowKey } from './changes.ts'
import type { ErrorRow } from './stage.ts'

export class ErrorList {
  readonly #lists = new Map<string, ErrorRow[]>()

  /** The failures that are true now, by offset. */
  get rows(): ErrorRow[] {
    return [...this.#lists.values()].flat().sort(compareErrors)
  }

  /** Applies the failures of a commit; gives each change of the list with weight +1 or −1, in order. */
  apply(errors: readonly ErrorRow[]): ErrorRow[] {
    return netErrors(errors).flatMap((error) =>
      Array.from({ length: Math.abs(error.weight) }, () =>
        error.weight > 0 ? this.#add({ ...error, weight: 1 }) : this.#take(error),
      ),
    )
  }

  #add(error: ErrorRow): ErrorRow {
    const like = likeKey(error)
    const present = this.#lists.get(like) ?? []
    present.push(error)
    this.#lists.set(like, present.sort(compareErrors))
    return error
  }

  #take(error: ErrorRow): ErrorRow {
    const like = likeKey(error)
    const present = this.#lists.get(like)
    assert(present !== undefined && present.length > 0, 'what is taken back had failed before')
    const oldest = present.shift()!
    if (present.length === 0) this.#lists.delete(like)
    return { ...oldest, weight: -1 }
  }
}

const likeKey = ({ code, message, row }: ErrorRow) => rowKey([code, message, row])

/** The errors with those of equal offset, code, message and row added up, in order. */
export function netErrors(errors: readonly ErrorRow[]): ErrorRow[] {
  const net = new Map<string, ErrorRow>()
  for (const error of errors) {
    const key = `${error.offset} ${likeKey(error)}`
    const present = net.get(key)
    if (present === undefined) net.set(key, { ...error })
    else present.weight += error.weight
  }
  return [...net.values()].filter(({ weight }) => weight !== 0).sort(compareErrors)
}

function compareErrors(a: ErrorRow, b: ErrorRow): number {
  const text = ({ code, message, row }: ErrorRow) => `${code}\0${message}\0${row ?? '\uffff'}`
  return (
    a.offset - b.offset || Math.sign(a.weight) - Math.sign(b.weight) || (text(a) < text(b) ? -1 : 1)
  )
}
