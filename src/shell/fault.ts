/**
 * Fault: what went wrong, as text for a person at a terminal.
 *
 * How      A mistake is shown with the piece of its text that it points to; a failure and a bug in one line.
 */

import { renderDiagnostic } from '../../grammar/index.ts'
import { Failure, QueryMistake } from '../base/index.ts'
import type { ErrorRow } from '../database/index.ts'
import { visibleText } from './format/cell.ts'

const errorRowsShownMax = 10

/** `text` is what the user gave, for mistakes that do not carry their own text. */
export function faultText(error: unknown, text: string): string {
  if (error instanceof QueryMistake) {
    const about = error.text === '' ? text : error.text
    return `${error.diagnostics.map((diagnostic) => renderDiagnostic(diagnostic, about)).join('\n')}\n`
  }
  if (error instanceof Failure) return `error: ${visibleText(error.message)} (${error.code})\n`
  if (isCancelled(error)) return 'cancelled\n'
  return `error: ${error instanceof Error ? (error.stack ?? error.message) : String(error)} (bug)\n`
}

export function isCancelled(error: unknown): boolean {
  if (error instanceof Failure && error.code === 'cancelled') return true
  return error instanceof Error && error.name === 'AbortError'
}

/** Tells of rows that left a query with an error: the first ones in full, then only how many. */
export class ErrorRows {
  #count = 0

  /** Text for new rows; empty when there is nothing more to say. */
  add(rows: readonly ErrorRow[]): string {
    let text = ''
    for (const { code, message } of rows) {
      this.#count++
      if (this.#count <= errorRowsShownMax) {
        text += `row left out: ${visibleText(message)} (${code})\n`
      }
    }
    return text
  }

  summary(): string {
    const hidden = this.#count - errorRowsShownMax
    return hidden > 0 ? `… ${hidden.toLocaleString('en')} more rows left out\n` : ''
  }
}
