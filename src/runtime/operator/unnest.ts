/**
 * Unnest: each row once for every row that table functions give for it.
 *
 * How      The arguments are computed for the batch; the functions run row by row on the host. A row's number stands in
 *          a selection as often as the row is wanted, and its columns are taken by it; what the functions give are
 *          columns beside them.
 * Contract 1 (checked by the golden scripts) the n-th row of a row stands at its place, n − 1 added to `minor`: a row
 *            that is taken back takes back the same rows at the same places of its change.
 *          2 (trusted) where rows are taken back, all that comes of a batch leaves as one batch.
 * Cost     some 0.2 µs per row that is given, and what the function needs.
 * See      src/runtime/expression/table-function.ts
 */
import type { EvaluationError } from '../../base/index.ts'
import type { Field, Value } from '../../data/index.ts'
import { type Kernels, takeRows, type Vector, type VectorBatch } from '../../kernel/index.ts'
import type { PhysicalPlan } from '../../plan/index.ts'
import { Fault } from '../expression/fault.ts'
import { hostColumn, readerOf, vectorFrom } from '../expression/slot.ts'
import { type TableRow, tableFunction } from '../expression/table-function.ts'
import { compileExpressions, type Evaluator } from '../expression.ts'
import { reportRows, withoutFailed } from '../failure.ts'
import { type Environment, type Push, type Stage, stageStats } from '../stage.ts'

type UnnestPlan = PhysicalPlan & { kind: 'unnest' }

/** What is given for the rows of a batch. */
interface Given {
  /** The row of the batch that each is given for, and which of its rows it is, from 0. */
  sources: number[]
  places: number[]
  /** The values, column by column. */
  values: Value[][]
}

export function unnestStage(
  plan: UnnestPlan,
  environment: Environment,
  push: Push,
): Stage & { push: Push } {
  const stats = stageStats(plan.id, 'unnest')
  const evaluators: Evaluator[] = []
  const args = plan.calls.flatMap((call) => call.args)
  const fields = plan.output.slice(plan.input.output.length)
  const give = giver(plan)
  return {
    stats,
    push(fragment, input) {
      const kernels = environment.fragments[fragment]!
      const evaluator = (evaluators[fragment] ??= compileExpressions(kernels, args, environment))
      const vectors = evaluator.run(input.columns, input.rows)
      const wide = { ...input, columns: [...input.columns, ...vectors] }
      const sound = withoutFailed(environment, kernels, wide, vectors)
      const width = input.columns.length
      const batch = { ...sound, columns: sound.columns.slice(0, width) }
      const readers = args.map(({ type }, index) =>
        readerOf(hostColumn(kernels, { type, vector: sound.columns[width + index]! }, batch.rows)),
      )
      const most = batch.weights === 0 ? environment.vectorSize : Number.POSITIVE_INFINITY
      const errors = new Map<number, EvaluationError>()
      let given = nothing(fields)
      const tell = () => {
        if (given.sources.length === 0) return
        stats.rowsOut += given.sources.length
        const mark = kernels.arena.markScratch()
        push(fragment, rowsOf(kernels, batch, given, fields))
        kernels.arena.releaseScratch(mark)
        given = nothing(fields)
      }
      for (let row = 0; row < batch.rows; row++) {
        const rows = give(readers.map((read) => read(row)))
        if (!Array.isArray(rows)) errors.set(row, rows)
        else {
          rows.forEach((values, place) => {
            given.sources.push(row)
            given.places.push(place)
            for (const [column, value] of values.entries()) given.values[column]!.push(value)
            if (given.sources.length >= most) tell()
          })
        }
      }
      tell()
      if (errors.size > 0) reportRows(environment, kernels, batch, errors)
    },
  }
}

const nothing = (fields: readonly Field[]): Given => ({
  sources: [],
  places: [],
  values: fields.map(() => []),
})

/** The rows for the arguments of all calls, one behind the other; or the first failure. */
function giver(plan: UnnestPlan): (args: readonly Value[]) => TableRow[] | EvaluationError {
  const { numbered, outer } = plan
  const calls = plan.calls.map((call, index) => ({
    apply: tableFunction(call),
    from: plan.calls.slice(0, index).reduce((sum, { args }) => sum + args.length, 0),
    count: call.args.length,
    none: call.columns.map((): Value => null),
    span: call.span,
  }))
  const none = [...calls.flatMap((call) => call.none), ...(numbered ? [null] : [])]
  return (args) => {
    const given: TableRow[][] = []
    for (const { apply, from, count, span } of calls) {
      const own = args.slice(from, from + count)
      const rows = own.includes(null) ? [] : apply(own)
      if (rows instanceof Fault) return { code: rows.code, message: rows.message, span }
      given.push(rows)
    }
    const length = given.reduce((most, rows) => Math.max(most, rows.length), 0)
    if (length === 0) return outer ? [none] : []
    if (calls.length === 1 && !numbered) return given[0]!
    return Array.from({ length }, (_, place) => [
      ...calls.flatMap((call, index) => given[index]![place] ?? call.none),
      ...(numbered ? [BigInt(place + 1)] : []),
    ])
  }
}

function rowsOf(
  kernels: Kernels,
  batch: VectorBatch,
  { sources, places, values }: Given,
  fields: readonly Field[],
): VectorBatch {
  const { arena } = kernels
  const count = sources.length
  const selection = arena.scratch(count * 4)
  arena.views.u32.set(sources, selection >>> 2)
  const taken = takeRows(kernels, batch, selection, count)
  const columns = fields.map(
    ({ type }, index): Vector => vectorFrom(kernels, type, values[index]!, null),
  )
  const { minor } = taken.order
  const placed = arena.scratch(count * 8)
  const { f64 } = arena.views
  places.forEach((place, row) => {
    f64[(placed >>> 3) + row] = place + (minor === 0 ? 0 : f64[(minor >>> 3) + row]!)
  })
  return {
    ...taken,
    columns: [...taken.columns, ...columns],
    order: { ...taken.order, minor: placed },
  }
}
