/**
 * Cells: values as golden scripts write them.
 *
 * How      As CAST(x AS VARCHAR) writes them, except: NULL; times of the first hour of 2026 as mm:ss[.fraction];
 *          text in '…' where it would be misread, with \| for a bar and \n for a line end; −0 as -0.
 */
import { isBytes, parseValue, type Type, type Value, valueText } from '../../src/data/index.ts'

const epochMicros = 1_767_225_600_000_000n
const hourMicros = 3_600_000_000n

export function writeCell(value: Value, type: Type): string {
  if (value === null) return 'NULL'
  if (typeof value === 'string') return writeText(isBytes(type) ? valueText(value, type) : value)
  if (Object.is(value, -0)) return '-0'
  if (type.kind === 'timestamp') {
    const micros = (value as bigint) - epochMicros
    if (micros >= 0n && micros < hourMicros) return writeClock(micros)
  }
  return valueText(value, type)
}

function writeClock(micros: bigint): string {
  const seconds = micros / 1_000_000n
  const fraction = (micros % 1_000_000n).toString().padStart(6, '0').replace(/0+$/, '')
  const two = (part: bigint) => part.toString().padStart(2, '0')
  const clock = `${two(seconds / 60n)}:${two(seconds % 60n)}`
  return fraction === '' ? clock : `${clock}.${fraction}`
}

function writeText(text: string): string {
  const plain = /^[^\s|'_](?:[^|\\\n\r\t]*[^\s|\\])?$/u.test(text) && text !== 'NULL'
  if (plain && !/\s\s|--/.test(text)) return text
  const escaped = text
    .replaceAll('\\', '\\\\')
    .replaceAll('|', '\\u007c')
    .replaceAll('\n', '\\n')
    .replaceAll('\t', '\\t')
    .replaceAll('\r', '\\r')
  return `'${escaped}'`
}

export function readCell(cell: string, type: Type): Value {
  if (cell === 'NULL') return null
  if (type.kind === 'varchar' || type.kind === 'json') return readText(cell)
  if (type.kind === 'timestamp' && /^\d\d:\d\d(\.\d+)?$/.test(cell)) {
    return readCell(`2026-01-01 00:${cell}`, type)
  }
  if (type.kind === 'double' && cell === '-0') return -0
  const value = parseValue(cell, type)
  if (value === undefined) throw new Error(`cannot read ${cell} as ${type.kind}`)
  return value
}

function readText(cell: string): string {
  if (!cell.startsWith("'")) return cell
  const inside = cell.slice(1, -1)
  return inside.replace(/\\(u([0-9a-f]{4})|.)/g, (_, sign: string, code: string | undefined) => {
    if (code !== undefined) return String.fromCharCode(Number.parseInt(code, 16))
    return { n: '\n', t: '\t', r: '\r' }[sign] ?? sign
  })
}
