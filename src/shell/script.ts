/**
 * Script: runs SQL text and shows what its statements give, one after another; the heart of `run`, `-c` and the shell.
 *
 * How      Rows and changes go to `output` in the chosen format as they come; confirmations, notices and rows left
 *          out go to `notices`.
 * Contract 1 (checked) `output` receives result rows only.
 *          2 (checked) a mistake stops the script; results before it have been written.
 */
import type { Database, StatementResult } from '../database/index.ts'
import { ErrorRows } from './fault.ts'
import { createRenderer, type Format } from './format/renderer.ts'
import type { Output } from './output.ts'
import type { Progress } from './progress.ts'

export interface ScriptOptions {
  vars?: Record<string, string>
  format: Format
  /** Column names first (csv). */
  header: boolean
  /** Redraw changing results in place on a terminal. */
  live: boolean
  output: Output
  notices: Output
  signal: AbortSignal
  /** Shown while a statement gives nothing to see; null for none. */
  progress: Progress | null
}

/** Runs `text` and resolves with the number of rows shown. */
export async function runScript(
  database: Pick<Database, 'execute'>,
  text: string,
  options: ScriptOptions,
): Promise<number> {
  const { notices, progress } = options
  let shown = 0
  const say = (line: string) => {
    progress?.hide()
    void notices.write(`${line}\n`)
    void notices.flush()
  }
  try {
    await database.execute(text, {
      ...(options.vars === undefined ? {} : { vars: options.vars }),
      signal: options.signal,
      onNotice: (notice) => say(`notice: ${notice}`),
      ...(progress === null ? {} : { onProgress: (state) => progress.show(state) }),
      onResult: async (result) => {
        progress?.hide()
        if (result.kind === 'done') say(result.message)
        else shown += await show(result, options)
      },
    })
  } finally {
    progress?.hide()
    await options.output.flush()
    await notices.flush()
  }
  return shown
}

async function show(
  result: Extract<StatementResult, { kind: 'rows' | 'changes' }>,
  options: ScriptOptions,
): Promise<number> {
  const { output, notices, format, header, live } = options
  if (result.kind === 'rows') {
    const renderer = createRenderer(result.fields, output, { format, header, live, kind: 'rows' })
    await renderer.rows(result.rows, null)
    await renderer.end()
    return result.rows.length
  }
  const kind = result.appendOnly ? 'append-only' : 'updating'
  const renderer = createRenderer(result.fields, output, { format, header, live, kind })
  const errors = new ErrorRows()
  const cancel = () => result.cancel()
  options.signal.addEventListener('abort', cancel)
  let shown = 0
  try {
    if (options.signal.aborted) cancel()
    for await (const commit of result.commits) {
      await renderer.rows(commit.rows, result.appendOnly ? null : commit.ops)
      await renderer.flush()
      shown += commit.rows.length
      const told = errors.add(commit.errors)
      if (told !== '') await notices.write(told)
    }
  } finally {
    options.signal.removeEventListener('abort', cancel)
    await renderer.end()
    await notices.write(errors.summary())
  }
  return shown
}
