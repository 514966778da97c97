/**
 * Object: what has a name beside relations and functions; plain JSON-able data.
 *
 * Contract 1 (trusted) names are spelled as the user wrote them; each kind has names of its own.
 */
import type { Option, TypeName } from '../../grammar/index.ts'
import type { Type } from '../data/index.ts'

export type CatalogObject =
  | /** Where names of relations are; `main` is none of them. */ { kind: 'schema'; name: string }
  | /** Another name of a type. */ { kind: 'type'; name: string; type: Type; written: TypeName }
  | /** Options that have a name together. */ {
      kind: 'connection'
      name: string
      options: Option[]
    }

export type ObjectKind = CatalogObject['kind']
