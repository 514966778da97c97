/**
 * Print: a sink that writes every change as a line of text, `+I[1, Delft]`, for a look at what a query says.
 *
 * How      To standard output, or with `'standard-error' = 'true'` to the other one. `'print-identifier' = 'q'` puts
 *          `q> ` before each line.
 * Contract 1 (checked) lines come in the order of the changes, those of a commit at once.
 */
import { mistake } from '../base/index.ts'
import {
  type Connector,
  type ConnectorOptions,
  type Schema,
  type Value,
  valueText,
} from '../data/index.ts'
import { checkNames, flagOption, textOption } from './options.ts'

/** Writes text to where a process writes to. */
export type Print = (text: string, to: 'output' | 'error') => void

export function printConnector(print: Print): Connector {
  return {
    name: 'print',
    bounded: true,
    sink: 'changes',
    source: false,
    passing: true,
    check: (options, _, ignored) => {
      checkNames(options, ['print-identifier', 'standard-error'], ignored)
      flagOption(options, 'standard-error', false)
    },
    infer: () => null,
    open: () =>
      mistake({
        code: 'invalid_option',
        message: `connector 'print' cannot be read`,
        hint: 'it is a sink: INSERT INTO it',
      }),
    create: (schema, options) => {
      const to = flagOption(options, 'standard-error', false) ? 'error' : 'output'
      const head = prefixOf(options)
      const cell = cellOf(schema)
      return {
        write: (rows, ops) => {
          const lines = rows.map((row, at) => `${head}${ops[at]}[${row.map(cell).join(', ')}]\n`)
          if (lines.length > 0) print(lines.join(''), to)
        },
        close: () => {},
      }
    },
  }
}

function prefixOf(options: ConnectorOptions): string {
  const name = textOption(options, 'print-identifier') ?? ''
  return name === '' ? '' : `${name}> `
}

/** The text of a value in its column. */
function cellOf({ fields }: Schema) {
  return (value: Value, column: number): string =>
    value === null ? 'NULL' : valueText(value, fields[column]!.type)
}
