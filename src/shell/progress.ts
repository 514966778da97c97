/**
 * Progress: one line on the terminal that tells how far a long statement is.
 *
 * Format   ` ━━━━━━━━━━━━────────  61 %   1,830,912 rows   1.2 M rows/s`
 * How      Nothing is shown for the first half second; then the line is rewritten at most ten times a second and
 *          wiped before anything else is written.
 */
import { systemClock } from '../base/index.ts'
import { colored } from './format/cell.ts'
import type { Output } from './output.ts'

const quietMillis = 500
const drawMillisMin = 100
const barWidth = 30

/** What a database tells of a long statement. */
export interface ProgressState {
  rows: number
  bytes: number
  /** null when the end is not known. */
  bytesTotal: number | null
}

export interface Progress {
  show(state: ProgressState): void
  /** Wipes the line; the next `show` starts anew. */
  hide(): void
}

export function progressLine(state: ProgressState, millis: number): string {
  const rows = `${state.rows.toLocaleString('en')} rows`
  const rate = `${shortNumber((state.rows / Math.max(millis, 1)) * 1000)} rows/s`
  if (!state.bytesTotal) return ` ${rows}   ${colored.dim(rate)}`
  const done = Math.min(1, state.bytes / state.bytesTotal)
  const filled = Math.round(done * barWidth)
  const bar = colored.cyan('━'.repeat(filled)) + colored.dim('─'.repeat(barWidth - filled))
  const percent = `${Math.floor(done * 100)}`.padStart(3)
  return ` ${bar} ${percent} %   ${rows}   ${colored.dim(rate)}`
}

/** `1.2 M`, `830 K`, `12`. */
export function shortNumber(value: number): string {
  for (const [unit, name] of [
    [1e9, ' G'],
    [1e6, ' M'],
    [1e3, ' K'],
  ] as const) {
    if (value >= unit) return `${(value / unit).toPrecision(3)}${name}`
  }
  return value.toFixed(0)
}

/** A progress line on `output`; null where there is no terminal. */
export function terminalProgress(
  output: Output,
  clock: { monotonicMillis(): number } = systemClock,
): Progress | null {
  if (output.columns === null) return null
  let startedAt: number | null = null
  let drawnAt = 0
  let visible = false
  const write = (text: string) => {
    void output.write(text)
    void output.flush()
  }
  return {
    show(state) {
      const now = clock.monotonicMillis()
      startedAt ??= now
      if (now - startedAt < quietMillis || now - drawnAt < drawMillisMin) return
      drawnAt = now
      visible = true
      write(`\r\x1b[K${progressLine(state, now - startedAt)}`)
    },
    hide() {
      if (visible) write('\r\x1b[K')
      visible = false
      startedAt = null
    },
  }
}
