/**
 * Objects and RxJS: the same questions in plain JavaScript, over row objects that are ready before the clock starts.
 *
 * How      Both keep one Map per window; the plain loop is what a careful programmer writes by hand, the other one
 *          uses RxJS operators: filter and map, or groupBy by window and reduce into a Map.
 */
import type { Columns } from './data.ts'
import type { Subject } from './harness.ts'
import type { Question } from './question.ts'

interface RowObject {
  ts: number
  key: number | null
  amount: number | null
  price: number
}

interface Group {
  count: number
  sum: number
  total: number
  most: number
}

/** A row of the result of filter and project. */
interface Passed {
  key: number | null
  amount: number
  price: number
}

const passedMax = 4096

type Groups = Map<number | null, Group>

function rowObjects(columns: Columns): RowObject[] {
  const rows: RowObject[] = []
  for (let at = 0; at < columns.ts.length; at++) {
    rows.push({
      ts: Number(columns.ts[at]!),
      key: columns.keyNull[at] === 1 ? null : columns.key[at]!,
      amount: columns.amountNull[at] === 1 ? null : columns.amount[at]!,
      price: columns.price[at]!,
    })
  }
  return rows
}

function fold(groups: Groups, row: RowObject): void {
  let group = groups.get(row.key)
  if (group === undefined) {
    group = { count: 0, sum: 0, total: 0, most: Number.NEGATIVE_INFINITY }
    groups.set(row.key, group)
  }
  group.count++
  group.total += row.price
  if (row.amount !== null) {
    group.sum += row.amount
    if (row.amount > group.most) group.most = row.amount
  }
}

class Answer {
  groups = 0
  count = 0
  sum = 0
  most = Number.NEGATIVE_INFINITY
  total = 0

  window(groups: Groups): void {
    for (const group of groups.values()) {
      this.groups++
      this.count += group.count
      this.sum += group.sum
      this.most = Math.max(this.most, group.most)
      this.total = Math.max(this.total, group.total)
    }
  }

  passed({ key, amount, price }: Passed): void {
    this.groups += key ?? 0
    this.count++
    this.sum += amount
    this.total = Math.max(this.total, price)
  }

  values(question: Question): number[] {
    if (question === 'filter-project') return [this.groups, this.count, this.sum, this.total]
    return [this.groups, this.count, this.sum, this.most, this.total]
  }
}

function windowOf(question: Question): (row: RowObject) => number {
  return question === 'single' ? () => 0 : (row) => Math.floor(row.ts / 10_000_000)
}

export function objectsSubject(question: Question, columns: () => Columns): Subject {
  let rows: RowObject[] = []
  return {
    name: 'objects',
    prepare: async () => {
      rows = rowObjects(columns())
    },
    round: async () => {
      const answer = new Answer()
      if (question === 'filter-project') {
        // The result is made, block by block, as every subject makes it.
        let passed: Passed[] = []
        for (const { key, amount, price } of rows) {
          if (!(price > 380 && amount !== null && amount < 600_000)) continue
          passed.push({ key, amount, price: price * 0.908 })
          if (passed.length < passedMax) continue
          for (const one of passed) answer.passed(one)
          passed = []
        }
        for (const one of passed) answer.passed(one)
      } else {
        const open = new Map<number, Groups>()
        const window = windowOf(question)
        for (const row of rows) {
          const at = window(row)
          let groups = open.get(at)
          if (groups === undefined) {
            groups = new Map()
            open.set(at, groups)
            // Rows are at most a second late: the window before the last one is complete.
            const closed = open.get(at - 2)
            if (closed !== undefined) answer.window(closed)
            open.delete(at - 2)
          }
          fold(groups, row)
        }
        for (const groups of open.values()) answer.window(groups)
      }
      return { answer: answer.values(question) }
    },
    close: async () => {
      rows = []
    },
  }
}

export async function rxjsSubject(
  question: Question,
  columns: () => Columns,
): Promise<Subject | null> {
  const rxjs = await import('rxjs').catch(() => null)
  if (rxjs === null) return null
  const { filter, from, groupBy, map, mergeMap, reduce } = rxjs
  let rows: RowObject[] = []
  return {
    name: 'rxjs',
    prepare: async () => {
      rows = rowObjects(columns())
    },
    round: () =>
      new Promise((resolve, reject) => {
        const answer = new Answer()
        const complete = () => resolve({ answer: answer.values(question) })
        if (question === 'filter-project') {
          from(rows)
            .pipe(
              filter(({ price, amount }) => price > 380 && amount !== null && amount < 600_000),
              map(({ key, amount, price }) => ({ key, amount: amount!, price: price * 0.908 })),
            )
            .subscribe({
              next: (one) => answer.passed(one),
              error: reject,
              complete,
            })
          return
        }
        from(rows)
          .pipe(
            groupBy(windowOf(question)),
            mergeMap((window) =>
              window.pipe(
                reduce((groups: Groups, row) => {
                  fold(groups, row)
                  return groups
                }, new Map()),
              ),
            ),
          )
          .subscribe({ next: (groups) => answer.window(groups), error: reject, complete })
      }),
    close: async () => {
      rows = []
    },
  }
}
