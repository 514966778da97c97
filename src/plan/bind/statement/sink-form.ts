/**
 * SinkForm: in what form CREATE SINK sends its changes: `type`, or FORMAT … ENCODE …, which says the same.
 *
 * How      PLAIN sends new rows, UPSERT of each key the last row, DEBEZIUM a row for each change that holds the row
 *          before and after it, so that it goes to whatever takes new rows: `{"before":…,"after":…,"op":"u"}`.
 */
import type { Encoding, Option, Statement } from '../../../../grammar/index.ts'
import type { Span } from '../../../base/index.ts'
import {
  type Connector,
  type Field,
  flatFields,
  type Type,
  topColumns,
} from '../../../data/index.ts'
import { type Binding, fail, unsupported } from '../binding.ts'

type CreateSink = Statement & { kind: 'create-sink' }

/** `any`: every change that the connector takes. */
export type SinkType = 'any' | 'append-only' | 'upsert' | 'debezium'

const types = ['append-only', 'upsert', 'debezium'] as const
const formats: ReadonlyMap<string, SinkType> = new Map([
  ['PLAIN', 'append-only'],
  ['UPSERT', 'upsert'],
  ['DEBEZIUM', 'debezium'],
])

export function sinkTypeOf({ options, encoding, name }: CreateSink): {
  type: SinkType
  span: Span
} {
  const option = options.find(({ key }) => key === 'type')
  const said = option === undefined ? undefined : typeSaid(option)
  if (encoding === null) return { type: said ?? 'any', span: option?.span ?? name.span }
  const type = formats.get(encoding.format)
  if (type === undefined) {
    const hint = `there are FORMAT ${[...formats.keys()].join(', ')}`
    return unsupported(`FORMAT ${encoding.format}`, encoding.span, hint)
  }
  if (said !== undefined && said !== type) {
    const message = `option type says ${said}, and FORMAT ${encoding.format} says ${type}`
    fail('invalid_option', message, option!.span, 'leave one of them out')
  }
  return { type, span: encoding.span }
}

function typeSaid({ value, span }: Option): SinkType {
  const found = types.find((type) => type === String(value).toLowerCase())
  if (found !== undefined) return found
  return fail('invalid_option', "option type is 'append-only', 'upsert' or 'debezium'", span)
}

/** The options of the connector, with the format that ENCODE says. */
export function encodeBy(
  binding: Binding,
  encoding: Encoding | null,
  connector: Connector,
  options: Map<string, string | number | boolean>,
): void {
  if (encoding === null) return
  const { encode, span } = encoding
  const format = encode.toLowerCase()
  if (connector.encodings === undefined) {
    binding.notices.push(`ENCODE ${encode} is ignored: ${connector.name} takes rows`)
  } else if (!connector.encodings.includes(format)) {
    unsupported(`ENCODE ${encode}`, span, `there are ${connector.encodings.join(', ')}`)
  } else if (String(options.get('format') ?? format).toLowerCase() !== format) {
    const message = `option format says ${options.get('format')}, and ENCODE ${encode} says ${format}`
    fail('invalid_option', message, span, 'leave one of them out')
  } else options.set('format', format)
}

/** The columns of a row for each change of rows with these columns. */
export function envelopeOf(fields: readonly Field[]): Field[] {
  const members = topColumns(fields).map(({ field }) => field)
  const image: Type = { kind: 'boolean', members }
  return [
    ...flatFields({ name: 'before', type: image, nullable: true }),
    ...flatFields({ name: 'after', type: image, nullable: true }),
    { name: 'op', type: { kind: 'varchar' }, nullable: false },
  ]
}
