/**
 * Struct aggregate: STRUCTs as arguments of derived aggregates.
 *
 * How      The aggregate takes the box of a STRUCT, its text or its JSON (boxed.ts), and what it gives is unboxed.
 */
import { elementOf } from '../../../data/index.ts'
import { call } from '../../expression.ts'
import type { Expression } from '../../logical.ts'
import type { Binding } from '../binding.ts'
import type { Aggregates } from './aggregate.ts'
import {
  boxed,
  isStruct,
  refuseStructs,
  structJson,
  structText,
  unboxed,
  unboxedItems,
} from './boxed.ts'
import { bindDerived, type DerivedCall } from './derived-aggregate.ts'

/** What an aggregate makes of its values: one of them, an array or a map of them, a text, a JSON document. */
type Form = 'value' | 'array' | 'map' | 'text' | 'json'

const ofValue = (name: string): [string, Form] => [name, 'value']

const forms: ReadonlyMap<string, Form> = new Map([
  ...['any_value', 'arbitrary', 'mode', 'first', 'last', 'first_value', 'last_value'].map(ofValue),
  ...['arg_max', 'max_by', 'latest', 'arg_min', 'min_by', 'earliest'].map(ofValue),
  ...['quantile', 'quantile_disc', 'percentile_disc'].map(ofValue),
  ['array_agg', 'array'],
  ['list', 'array'],
  ['map_agg', 'map'],
  ['string_agg', 'text'],
  ['listagg', 'text'],
  ['group_concat', 'text'],
  ['entropy', 'text'],
  ['json_arrayagg', 'json'],
  ['json_objectagg', 'json'],
])

/** A derived aggregate whose arguments may be STRUCTs. */
export function bindStructAggregate(
  binding: Binding,
  aggregates: Aggregates,
  given: DerivedCall,
): Expression {
  if (!given.args.some(isStruct)) return bindDerived(aggregates, given)
  const form = forms.get(given.name)
  const place = given.name === 'map_agg' || given.name === 'json_objectagg' ? 1 : 0
  const args = given.args.map((arg, at) => {
    // What it is ordered by.
    if (at >= 2) return boxed(binding, arg)
    if (at !== place) return arg
    if (form === 'text') return structText(binding, arg)
    return form === 'json' ? structJson(binding, arg) : boxed(binding, arg)
  })
  const fitted = { ...given, args: form === undefined ? given.args : args }
  refuseStructs(fitted)
  const made = bindDerived(aggregates, fitted)
  const value = given.args[place]!
  if (form === 'value') return unboxed(binding, value, made)
  if (!isStruct(value)) return made
  if (form === 'array') return unboxedItems(made)
  return form === 'map' ? unboxedMap(made) : made
}

/** MAP(K, STRUCT) of a map of boxes. */
function unboxedMap(boxes: Expression): Expression {
  const { type } = boxes
  const inside = type.kind === 'map' ? elementOf(type.value) : null
  if (type.kind !== 'map' || inside === null) return boxes
  const keys = call('map_keys', [boxes], { kind: 'array', element: type.key })
  const values = call('map_values', [boxes], { kind: 'array', element: type.value })
  return call('map_from_arrays', [keys, unboxedItems(values)], { ...type, value: inside })
}
