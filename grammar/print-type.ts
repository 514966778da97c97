/**
 * Print-type: types as text, as they were written.
 */
import { labelName, list } from './print-name.ts'
import type { TypeName } from './tree.ts'

export function type(t: TypeName): string {
  if (t.members !== undefined) {
    const members = list(
      t.members,
      (m) => `${labelName(m.name)} ${type(m.type)}${m.notNull ? ' NOT NULL' : ''}`,
    )
    return `${t.name}(${members})`
  }
  if (t.of !== undefined) {
    const length = t.parameters.length === 0 ? '' : t.parameters[0]
    return length === '' ? `${t.name}<${list(t.of, type)}>` : `${type(t.of[0]!)}[${length}]`
  }
  return t.parameters.length === 0 ? t.name : `${t.name}(${t.parameters.join(', ')})`
}
