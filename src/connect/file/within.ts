/**
 * Within: which files of a listing may have rows that count, by the values in their paths.
 *
 * Contract 1 (checked) a file whose value cannot be read as its column's type stays, so that reading tells of it.
 */
import {
  type Bound,
  compareValues,
  parseValue,
  type Schema,
  type Type,
  type Value,
} from '../../data/index.ts'
import type { FoundFile } from './listing.ts'

export function within(
  files: readonly FoundFile[],
  schema: Schema,
  partitions: readonly number[],
  bounds: readonly Bound[],
): FoundFile[] {
  const told = bounds.filter(({ column }) => partitions.includes(column))
  return files.filter(({ keys }) =>
    told.every((bound) => {
      const { name, type } = schema.fields[bound.column]!
      const key = keys.get(name.toLowerCase())
      if (key === undefined) return true
      const value = key.value === null ? null : parseValue(key.value, type)
      if (value === undefined) return true
      const holds = verdict(bound, value, type)
      return holds === true || (holds === null && bound.strict)
    }),
  )
}

/** What the condition is of a value: true, false, or null for NULL. */
function verdict({ test, values }: Bound, value: Value, type: Type): boolean | null {
  if (test === 'is_null') return value === null
  if (test === 'is_not_null') return value !== null
  if (value === null) return null
  if (test === 'in') {
    if (values.some((one) => one !== null && compareValues(value, one, type) === 0)) return true
    return values.includes(null) ? null : false
  }
  const other = values[0] ?? null
  if (other === null) return null
  const order = compareValues(value, other, type)
  switch (test) {
    case 'eq':
      return order === 0
    case 'ne':
      return order !== 0
    case 'lt':
      return order < 0
    case 'le':
      return order <= 0
    case 'gt':
      return order > 0
    case 'ge':
      return order >= 0
  }
}
