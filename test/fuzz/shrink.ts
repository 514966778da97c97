/**
 * Shrink: makes a failing case smaller while it keeps failing.
 *
 * How      Candidates are the case with one thing less: rows (in halves, quarters, … single ones), commit points,
 *          views, columns, and anywhere in a query an element of a list, an expression's part in place of the
 *          expression, a derived relation's source in place of it. The first candidate that the binder takes and
 *          that fails in the same step is kept; then it starts over, until nothing can go or the attempts are spent.
 */
import type { Case, Expr, Fed, From, Select } from './case.ts'
import { check, type Setting } from './check.ts'
import { isBound } from './generate.ts'

const attemptsMax = 400

export async function shrink(start: Case, how: Setting, complaint: string): Promise<Case> {
  const kind = kindOf(complaint)
  let best = start
  let attempts = 0
  for (let found = true; found && attempts < attemptsMax; ) {
    found = false
    for (const candidate of candidates(best)) {
      if (attempts >= attemptsMax) break
      if (!isBound(candidate)) continue
      attempts++
      const again = await check(candidate, how)
      if (again === null || kindOf(again) !== kind) continue
      best = candidate
      found = true
      break
    }
  }
  return best
}

/** The kind of step that failed and, for exceptions, what was thrown. */
function kindOf(complaint: string): string {
  const step = complaint.slice(0, complaint.search(/[\s:]/))
  const thrown = /engine: threw ([^\n]*)/.exec(complaint)
  return thrown === null ? step : `${step} ${thrown[1]}`
}

function* candidates(one: Case): Generator<Case> {
  if (one.dialect !== '') yield { ...one, dialect: '' }
  if (one.zone !== undefined) {
    const { zone: _, ...plain } = one
    yield plain
  }
  if (one.views.length > 1) yield* without(one.views).map((views) => ({ ...one, views }))
  for (let size = one.rows.length >> 1; size >= 1; size >>= 1) {
    for (let from = 0; from < one.rows.length; from += size) {
      yield { ...one, rows: [...one.rows.slice(0, from), ...one.rows.slice(from + size)] }
    }
  }
  yield* one.rows.flatMap((row, at) =>
    row.flush ? [{ ...one, rows: one.rows.with(at, { ...row, flush: false }) }] : [],
  )
  for (const [at, view] of one.views.entries()) {
    for (const select of selects(view.select))
      yield { ...one, views: one.views.with(at, { ...view, select }) }
  }
  for (const [at, relation] of one.relations.entries()) {
    const unused = one.rows.every((row) => row.relation !== relation.name)
    if (unused) yield { ...one, relations: one.relations.toSpliced(at, 1) }
    for (let column = relation.columns.length - 1; column > 0; column--)
      yield withoutColumn(one, at, column)
  }
  for (const [at, row] of one.rows.entries()) {
    for (const [cell, text] of row.cells.entries()) {
      if (text === '1' || text === '00:00') continue
      const simpler: Fed = {
        ...row,
        cells: row.cells.with(cell, /^\d\d:/.test(text) ? '00:00' : '1'),
      }
      if (/^-?\d|^\d\d:/.test(text)) yield { ...one, rows: one.rows.with(at, simpler) }
    }
  }
}

const without = <T>(list: readonly T[]): T[][] => list.map((_, at) => list.toSpliced(at, 1))

function withoutColumn(one: Case, at: number, column: number): Case {
  const relation = one.relations[at]!
  const columns = relation.columns.toSpliced(column, 1)
  const rows = one.rows.map((row) =>
    row.relation === relation.name ? { ...row, cells: row.cells.toSpliced(column, 1) } : row,
  )
  return { ...one, relations: one.relations.with(at, { ...relation, columns }), rows }
}

/** Expressions with one part less. */
function* expressions(expression: Expr): Generator<Expr> {
  yield* expression.parts
  for (const [at, select] of (expression.selects ?? []).entries()) {
    for (const smaller of selects(select))
      yield { ...expression, selects: expression.selects!.with(at, smaller) }
  }
  for (const [at, part] of expression.parts.entries()) {
    for (const smaller of expressions(part))
      yield { ...expression, parts: expression.parts.with(at, smaller) }
  }
}

function* lists(list: readonly Expr[]): Generator<Expr[]> {
  yield* without(list)
  for (const [at, expression] of list.entries()) {
    for (const smaller of expressions(expression)) yield list.with(at, smaller)
  }
}

function* selects(select: Select): Generator<Select> {
  for (const from of sources(select.from)) yield { ...select, from }
  for (const where of lists(select.where)) yield { ...select, where }
  for (const having of lists(select.having)) yield { ...select, having }
  for (const tests of without(select.tests)) yield { ...select, tests }
  for (const [at, test] of select.tests.entries()) {
    for (const inner of selects(test.select)) {
      yield { ...select, tests: select.tests.with(at, { ...test, select: inner }) }
    }
  }
  if (select.set !== null) {
    const { set } = select
    yield { ...select, set: null }
    for (const right of selects(set.right)) yield { ...select, set: { ...set, right } }
  }
  if (select.tail !== '') yield { ...select, tail: '' }
  if (select.distinct) yield { ...select, distinct: false }
  if (select.items.length > 1 && select.set === null)
    for (const items of without(select.items)) yield { ...select, items }
  if (select.group !== null) {
    yield { ...select, group: null }
    for (const [at, key] of select.group.entries()) yield withoutKey(select, at, key)
  }
  for (const [at, item] of select.items.entries()) {
    for (const expression of expressions(item.expression)) {
      yield { ...select, items: select.items.with(at, { ...item, expression }) }
    }
  }
}

function withoutKey(select: Select, at: number, key: Expr): Select {
  const text = JSON.stringify(key)
  const items = select.items.filter(({ expression }) => JSON.stringify(expression) !== text)
  return { ...select, group: select.group!.toSpliced(at, 1), items }
}

function* sources(from: From): Generator<From> {
  switch (from.kind) {
    case 'table':
      return
    case 'window':
      if (from.source.kind === 'table') yield { ...from.source, alias: from.alias }
      for (const partition of without(from.partition)) yield { ...from, partition }
      if (from.offset !== 0) yield { ...from, offset: 0 }
      if (from.spelling !== 'short') yield { ...from, spelling: 'short' }
      for (const source of sources(from.source)) yield { ...from, source }
      return
    case 'values':
      if (from.rows.length > 1) for (const rows of without(from.rows)) yield { ...from, rows }
      return
    case 'derived': {
      const inner = from.select.from
      if (inner.kind !== 'join') yield { ...inner, alias: from.alias }
      for (const select of selects(from.select)) yield { ...from, select }
      return
    }
    case 'piece':
      for (const smaller of expressions(from)) {
        if ('alias' in smaller) yield smaller as From
      }
      return
    case 'rank':
      for (const source of sources(from.source)) yield { ...from, source }
      for (const partition of without(from.partition)) yield { ...from, partition }
      for (const order of without(from.order)) yield { ...from, order }
      if (from.columns.length > 1)
        for (const columns of without(from.columns)) yield { ...from, columns }
      if (from.shown) yield { ...from, shown: false }
      if (from.condition !== '') yield { ...from, condition: '' }
      return
    case 'join':
      yield from.left
      yield from.right
      if (from.join !== 'inner') yield { ...from, join: 'inner' }
      for (const on of lists(from.on)) if (on.length > 0) yield { ...from, on }
      for (const left of sources(from.left)) yield { ...from, left }
      for (const right of sources(from.right)) yield { ...from, right }
  }
}
