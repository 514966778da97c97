/**
 * Print-object: CREATE of what is neither a relation nor a function, and DROP of everything, as text.
 */
import { list, path } from './print-name.ts'
import { option } from './print-query.ts'
import { type } from './print-type.ts'
import type { Statement } from './tree.ts'

type Printed = Extract<
  Statement,
  { kind: 'create-schema' | 'create-type' | 'create-connection' | 'drop' }
>

export function object(s: Printed): string {
  switch (s.kind) {
    case 'create-schema':
      return `CREATE SCHEMA ${s.ifNotExists ? 'IF NOT EXISTS ' : ''}${path(s.name)}`
    case 'create-type':
      return `CREATE TYPE ${s.ifNotExists ? 'IF NOT EXISTS ' : ''}${path(s.name)} AS ${type(s.type)}`
    case 'create-connection': {
      const head = `CREATE CONNECTION ${s.ifNotExists ? 'IF NOT EXISTS ' : ''}${path(s.name)}`
      return `${head} WITH (${list(s.options, option)})`
    }
    case 'drop':
      return drop(s)
  }
}

function drop(s: Printed & { kind: 'drop' }): string {
  const words = `${s.temporary ? 'TEMP ' : ''}${s.object.toUpperCase()}`
  const head = `DROP ${words} ${s.ifExists ? 'IF EXISTS ' : ''}`
  return head + list([s.name, ...s.others], path) + (s.cascade ? ' CASCADE' : '')
}
