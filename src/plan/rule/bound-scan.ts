/**
 * BoundScan: a scan of files is told of the conditions on its columns that the filter above it sets, so that whole
 * files may be left out.
 *
 * How      Of the filter's conjuncts those that compare a column with literals become bounds of the scan; the filter
 *          stays. Which columns stand for whole files only the connector knows: it uses what it can.
 * Contract 1 (checked) a row that a bound rules out is one that the filter leaves out without an error.
 */
import { conjunctsOf } from '../expression.ts'
import { failingColumns, failsOver } from '../failure.ts'
import type { Expression, Plan, ScanBound } from '../logical.ts'
import { mapPlan, withInputs } from '../node.ts'

/** The comparison with its sides changed. */
const flipped: Readonly<Record<string, ScanBound['test']>> = {
  eq: 'eq',
  ne: 'ne',
  lt: 'gt',
  le: 'ge',
  gt: 'lt',
  ge: 'le',
}

export function boundScan(plan: Plan): Plan {
  return mapPlan(plan, (node) => {
    if (node.kind !== 'filter' || node.input.kind !== 'scan' || !node.input.outside) return node
    const scan = node.input
    // Rows that are left out would not be counted.
    if (scan.columns.includes(-3)) return node
    const conjuncts = conjunctsOf(node.predicate)
    const failing = failingColumns(scan)
    const bounds = conjuncts.flatMap((conjunct): ScanBound[] => {
      // Beside NULL an error of another conjunct counts, beside FALSE it is dropped.
      const strict = conjuncts.some((other) => other !== conjunct && failsOver(other, failing))
      const found = boundOf(conjunct)
      // The watermark before a row is no column of the file.
      if (found === null || scan.columns[found.column]! < 0) return []
      return [{ ...found, column: scan.columns[found.column]!, strict }]
    })
    if (bounds.length === 0) return node
    return withInputs(node, [{ ...scan, bounds }])
  })
}

function boundOf(e: Expression): Omit<ScanBound, 'strict'> | null {
  if (e.kind === 'column') return { column: e.index, test: 'eq', values: [true] }
  if (e.kind !== 'call') return null
  const [first, ...rest] = e.args
  if (first === undefined) return null
  const { function: name } = e
  if (name === 'is_null' || name === 'is_not_null') {
    return first.kind === 'column' ? { column: first.index, test: name, values: [] } : null
  }
  if (name === 'in' && first.kind === 'column') {
    const values = rest.flatMap((each) => (each.kind === 'literal' ? [each.value] : []))
    return values.length === rest.length ? { column: first.index, test: name, values } : null
  }
  if (name === 'not' && first.kind === 'column') {
    return { column: first.index, test: 'eq', values: [false] }
  }
  const other = rest[0]
  const test = flipped[name]
  if (test === undefined || other === undefined || first.type.kind !== other.type.kind) return null
  if (first.type.kind === 'decimal') return null
  if (first.kind === 'column' && other.kind === 'literal') {
    return { column: first.index, test: flipped[test]!, values: [other.value] }
  }
  if (first.kind === 'literal' && other.kind === 'column') {
    return { column: other.index, test, values: [first.value] }
  }
  return null
}
