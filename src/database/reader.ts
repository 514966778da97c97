/**
 * Reader: opens a source outside with the columns that a query reads, computed ones and those of metadata among them.
 */
import { firstMetadata, givenColumns, givenSchema, type Relation } from '../catalog/index.ts'
import type { BadRow, Bound, Connector, SourceReader } from '../data/index.ts'
import type { Kernels } from '../kernel/index.ts'
import { Computer, computingReader, type UserFunctions } from '../runtime/index.ts'

/** Where computed columns are made. */
interface Maker {
  functions: UserFunctions
  computing(): Kernels
}

/** A reader of columns of an external relation. */
export function openReader(
  maker: Maker,
  connector: Connector,
  relation: Relation & { kind: 'external' },
  {
    projection,
    bounds,
    bad,
  }: {
    projection: number[]
    bounds: Bound[]
    bad: (row: BadRow) => void
  },
): SourceReader {
  const { computed, metadata = [], options, watermark } = relation
  const time = watermark === null ? null : projection.indexOf(watermark.column)
  if (computed === undefined) {
    return connector.open(relation.schema, options, { projection, time, bounds, bad })
  }
  const { functions } = maker
  const computer = new Computer(maker.computing(), relation, projection, { functions })
  const given = givenColumns(relation)
  const needed = computer.inputs.flatMap((column) =>
    column < firstMetadata ? [given.indexOf(column)] : [],
  )
  const told = computer.inputs.slice(needed.length).map((column) => {
    return metadata[column - firstMetadata]!.name
  })
  const at = time === null ? -1 : computer.inputs.indexOf(projection[time]!)
  const asked = { projection: needed, metadata: told, time: at < 0 ? null : at }
  const open = (tell: (row: BadRow) => void) =>
    connector.open(givenSchema(relation), options, { ...asked, bad: tell })
  return computingReader(computer, open, bad)
}
