/**
 * Extent: which relation a scan reads, and how much of it when its plan bounds the rows that count.
 */
import type { Relation } from '../catalog/index.ts'
import { type Bound, type Connectors, plainValue, type Schema } from '../data/index.ts'
import { inputsOf, type PhysicalPlan } from '../plan/index.ts'

export type Scan = PhysicalPlan & { kind: 'scan' }

export interface Known {
  connectors: Connectors
  relation(name: string): Relation
}

/** What the catalog knows, or a file that stands in FROM itself. */
export function relationOf(plan: Scan, known: Known): Relation {
  if (plan.file === undefined) return hinted(known.relation(plan.relation), plan, known)
  const { connector, options, schema } = plan.file
  return {
    kind: 'external',
    name: plan.relation,
    schema,
    watermark: null,
    connector,
    options: new Map(options),
    bounded: known.connectors.get(connector)?.bounded ?? true,
    source: true,
    sink: null,
  }
}

/** The relation with the options of the scan's hint. */
function hinted(relation: Relation, { options }: Scan, { connectors }: Known): Relation {
  if (relation.kind !== 'external' || options === undefined) return relation
  const all = new Map([...relation.options, ...options])
  const connector = connectors.get(relation.connector)
  const bounded = connector?.bounded === true && connector.isEndless?.(all) !== true
  return { ...relation, options: all, bounded }
}

/** The bounds that all scans of a source have. */
export function boundsOf(scans: readonly Scan[], { fields }: Schema): Bound[] {
  const [first = [], ...others] = scans.map(({ bounds }) => bounds ?? [])
  const same = others.every((bounds) => JSON.stringify(bounds) === JSON.stringify(first))
  if (!same) return []
  return first.map((bound) => ({
    ...bound,
    values: bound.values.map((value) => plainValue(value, fields[bound.column]!.type)),
  }))
}

/** Scans of one relation, or file, with the same options, side by side: they share a reader. */
export function bySource<T>(scans: readonly T[], planOf: (scan: T) => Scan): T[][] {
  return [...Map.groupBy(scans, (scan) => sourceKey(planOf(scan))).values()]
}

/** The same for all scans of one source. */
export function sourceKey({ relation, file, options, from }: Scan): string {
  return JSON.stringify([relation.toLowerCase(), file ?? null, options ?? null, from ?? 0])
}

/** The columns that are read of an external relation, ascending; late rows that go somewhere go whole. */
export function projectionOf(
  { watermark, schema }: Relation,
  scans: readonly Scan[],
  mode: 'one-shot' | 'continuous',
): number[] {
  const isJudged = mode === 'continuous' && watermark !== null
  if (isJudged && watermark.late !== undefined) return [...schema.fields.keys()]
  const read = scans.flatMap(({ columns }) => columns.filter((column) => column >= 0))
  if (watermark !== null) read.push(watermark.column)
  if (isJudged) read.push(...(watermark.partition ?? []))
  return [...new Set(read)].sort((a, b) => a - b)
}

/** By node, how many files a one-shot plan reads of how many: `files 2 of 6`. */
export function extents(plan: PhysicalPlan, known: Known): Map<number, string> {
  const found = new Map<number, string>()
  for (const scans of bySource(scansOf(plan), (scan) => scan)) {
    const relation = relationOf(scans[0]!, known)
    if (relation.kind !== 'external' || relation.computed !== undefined) continue
    const connector = known.connectors.get(relation.connector)
    const bounds = boundsOf(scans, relation.schema)
    const extent = connector?.extent?.(relation.schema, relation.options, bounds) ?? null
    if (extent === null) continue
    for (const { id } of scans) found.set(id, `files ${extent.read} of ${extent.all}`)
  }
  return found
}

/** The scans of a plan, left to right. */
export const scansOf = (plan: PhysicalPlan): Scan[] =>
  plan.kind === 'scan' ? [plan] : inputsOf(plan).flatMap(scansOf)
