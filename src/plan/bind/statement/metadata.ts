/**
 * BindMetadata: columns of what a source tells of a row beside its values: METADATA FROM (Flink), INCLUDE (RisingWave).
 *
 * How      A column becomes a computed one, made of a column that the source adds behind those of its rows
 *          (`firstMetadata`). So it is stored, takes part in other computed columns, and may have the watermark.
 * See      docs/metadata.md
 */
import type { ColumnDefinition, Statement } from '../../../../grammar/index.ts'
import { firstMetadata } from '../../../catalog/index.ts'
import { type Connector, type Field, membersOf, typeText } from '../../../data/index.ts'
import { coerce, isAssignable } from '../../coerce.ts'
import { column } from '../../expression.ts'
import type { Expression } from '../../logical.ts'
import { type Binding, fail, unsupported } from '../binding.ts'
import { bindType } from '../expression/type-name.ts'
import { suggestion } from '../suggest.ts'

type Create = Statement & { kind: 'create-relation' }

/** Says what is known of the rows of a source; `name` stands in messages and in the names of INCLUDE. */
export interface Told {
  name: string
  fields: readonly Field[]
}

/** What the log knows of a row of a stored stream, or of a table whose rows only come. */
const stored: readonly Field[] = [
  { name: 'offset', type: { kind: 'bigint' }, nullable: false },
  { name: 'timestamp', type: { kind: 'timestamp', precision: 3, zoned: true }, nullable: false },
]

export function toldOf(connector: Connector | undefined, { object }: Create): Told {
  if (connector === undefined) return { name: `a stored ${object}`, fields: stored }
  const fields = connector.source ? (connector.metadata ?? []) : []
  return { name: `connector ${connector.name}`, fields }
}

/** The statement with a column for each INCLUDE, named as RisingWave does where it says no name. */
export function withInclusions(tree: Create, connector: string): Create {
  const { included = [] } = tree
  const columns = included.map(({ key, name, span }): ColumnDefinition => {
    const usual = { kind: 'identifier' as const, name: `_rw_${connector}_${key}`, quoted: false }
    const metadata = { key: key === 'file' ? 'file.path' : key, virtual: true, span }
    return {
      kind: 'column-definition',
      name: name ?? { ...usual, span },
      type: null,
      notNull: false,
      computed: null,
      metadata,
      constraints: [],
      span,
    }
  })
  return { ...tree, columns: [...tree.columns, ...columns] }
}

/** The value of a column of metadata. */
export function bindMetadata(
  binding: Binding,
  { name, type, metadata, span }: ColumnDefinition,
  told: Told,
): Expression {
  const key = metadata!.key ?? name.name
  const at = told.fields.findIndex((field) => field.name === key.toLowerCase())
  const names = told.fields.map((field) => field.name)
  if (at < 0) {
    const all = names.length === 0 ? 'it tells nothing of its rows' : `it has ${names.join(', ')}`
    const hint = suggestion(key, names) ?? all
    fail('unknown_name', `${told.name} has no metadata ${key}`, metadata!.span, hint)
  }
  const field = told.fields[at]!
  const value = column(firstMetadata + at, field)
  if (type === null) return value
  const target = bindType(binding, type)
  if (membersOf(target) !== null) unsupported('metadata as a STRUCT', span)
  if (!isAssignable(field.type, target, binding.dialect)) {
    const types = `${typeText(field.type)}, and column ${name.name} takes ${typeText(target)}`
    fail('type_mismatch', `metadata ${key} is ${types}`, type.span)
  }
  return coerce(value, target, span)
}
