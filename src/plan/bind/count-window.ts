/**
 * BindCountWindow: TUMBLE and HOP over so many rows.
 *
 * How      Each row is numbered in its partition, and windows of whole numbers are laid on these as those of time are:
 *          a number is as many microseconds, and back.
 */
import type { Expression as Tree, Relation as TreeRelation } from '../../../grammar/index.ts'
import { bigint, timestamp } from '../coerce.ts'
import { number } from '../commit-node.ts'
import { call, column, literal } from '../expression.ts'
import { fold } from '../fold.ts'
import type { Expression } from '../logical.ts'
import { filter, project, window } from '../node.ts'
import { type Binding, fail } from './binding.ts'
import { bindExpression } from './expression/expression.ts'
import { isPlaced } from './over.ts'
import { type BoundRelation, bindRelation } from './relation.ts'
import { findColumn, scopeOf } from './scope.ts'
import { windowsPerRowMax } from './window.ts'

type CountWindow = TreeRelation & { kind: 'count-window' }

export function bindCountWindow(binding: Binding, tree: CountWindow): BoundRelation {
  const source = bindRelation(binding, tree.source, [])
  const { plan } = source
  const what = tree.source.kind === 'table' ? tree.source.path.parts.at(-1)!.name : 'this query'
  if (plan.updating || !isPlaced(binding, plan)) {
    const message = `windows of rows follow the order in which rows came, and those of ${what} change or have none`
    const hint = 'take the rows of a stream, or windows of time'
    fail('invalid_window', message, tree.source.span, hint)
  }
  const rows = rowsOf(binding, tree.rows, `ROWS of ${tree.function}`)
  const slide =
    tree.slide === null ? rows : rowsOf(binding, tree.slide, `SLIDE_ROWS of ${tree.function}`)
  if (rows / slide > windowsPerRowMax) {
    const message = `each row would be in ${rows / slide} windows, and ${windowsPerRowMax} are the most`
    fail('invalid_window', message, tree.slide!.span)
  }
  const keys = tree.partition.map((key) => findColumn(source.scope, [key], key.span).index)
  const width = plan.output.length
  const names = plan.output.map(({ name }) => name)
  const kept = plan.output.map((field, index) => column(index, field))
  const numbered = number(plan, keys)
  const at = call('make_timestamp', [column(width, numbered.output[width]!)], timestamp(6))
  const placed = window(project(numbered, [...kept, at], [...names, 'at']), {
    function: tree.function === 'HOP' ? 'hop' : 'tumble',
    time: width,
    slideMicros: slide.toString(),
    sizeMicros: rows.toString(),
    offsetMicros: '0',
    judge: false,
    watermarked: false,
  })
  const [start, end] = [1, 2].map((step) => column(width + step, placed.output[width + step]!))
  const first = literal(0n, timestamp(6))
  const begun = filter(placed, call('ge', [start!, first], { kind: 'boolean' }))
  const offset = (time: Expression) => call('epoch_us', [time], bigint)
  const last = call('subtract', [offset(end!), literal(1n, bigint)], bigint)
  const shown = project(
    begun,
    [...kept, offset(start!), last],
    [...names, 'window_first', 'window_last'],
  )
  const qualifier = tree.alias?.name ?? source.scope[0]?.qualifier ?? null
  return { plan: shown, scope: scopeOf(shown.output, qualifier) }
}

/** A count of rows: a whole number, written as such. */
function rowsOf(binding: Binding, tree: Tree, what: string): bigint {
  const env = { binding, scope: [], clause: what, aggregates: null }
  const bound = fold(bindExpression(env, tree))
  const { kind } = bound.type
  const isWhole = kind === 'integer' || kind === 'bigint'
  const value = isWhole && bound.kind === 'literal' && bound.value !== null ? bound.value : null
  if (value === null || BigInt(value) <= 0n) {
    fail('invalid_window', `${what} is a whole number above 0`, tree.span, 'write ROWS => 100')
  }
  return BigInt(value)
}
