/**
 * Editor: the line editor of the shell: node:readline with colours while typing, history in a file and completion.
 *
 * How      readline writes a typed letter alone when it stands at the end of the line; so after each key the line is
 *          drawn again, and what is drawn passes through the highlighter. Widths are readline's own, from the
 *          uncoloured text.
 * Contract 1 (trusted) readline calls `_writeToOutput` and offers `_refreshLine`; both are kept by Node for programs
 *            like this one. Without them the shell works and has no colours.
 */
import { homedir } from 'node:os'
import { join } from 'node:path'
import { createInterface, type Interface } from 'node:readline'
import { type Disk, Failure } from '../base/index.ts'
import { highlight } from './highlight.ts'

const historyLinesMax = 2000

export interface EditorOptions {
  input: NodeJS.ReadStream
  output: NodeJS.WriteStream
  terminal: boolean
  history: string[]
  /** What may come between two parts of a line, and which end of the first it replaces. */
  complete: (before: string, after: string) => [string[], string]
}

/** What readline has besides its published interface. */
interface Internals {
  _writeToOutput?: (text: string) => void
  _refreshLine?: () => void
  history?: string[]
}

export interface Editor {
  lines: Interface
  /** Lines entered so far, newest first. */
  history(): string[]
}

export function openEditor(options: EditorOptions): Editor {
  const { input, output, terminal } = options
  const lines: Interface = createInterface({
    input,
    output: terminal ? output : undefined,
    terminal,
    history: options.history,
    historySize: historyLinesMax,
    removeHistoryDuplicates: true,
    completer: (before: string) => options.complete(before, lines.line.slice(before.length)),
  })
  if (terminal) colorLines(lines as Interface & Internals, input)
  return { lines, history: () => (lines as Interface & Internals).history ?? [] }
}

function colorLines(lines: Interface & Internals, input: NodeJS.ReadStream): void {
  const write = lines._writeToOutput?.bind(lines)
  const refresh = lines._refreshLine?.bind(lines)
  if (write === undefined || refresh === undefined) return
  lines._writeToOutput = (text) => {
    const prompt = lines.getPrompt()
    const isLine = text.startsWith(prompt) && text.length > prompt.length
    write(isLine ? prompt + highlight(text.slice(prompt.length)) : text)
  }
  input.on('keypress', (_text, key: { name?: string } | undefined) => {
    if (key?.name !== 'return' && key?.name !== 'enter' && lines.line !== '') refresh()
  })
}

export function historyPath(): string {
  return join(homedir(), '.millrace_history')
}

/** Lines of the history file, newest first; none when it cannot be read. */
export function readHistory(disk: Disk, path: string): string[] {
  if (!disk.exists(path)) return []
  try {
    return disk.readText(path).split('\n').filter(Boolean).reverse()
  } catch (error) {
    if (error instanceof Failure) return []
    throw error
  }
}

/** Keeps the history; gives the reason when it cannot. */
export function writeHistory(disk: Disk, path: string, newestFirst: string[]): string | null {
  const text = newestFirst.slice(0, historyLinesMax).reverse().join('\n')
  try {
    const file = disk.create(path)
    file.write(new TextEncoder().encode(`${text}\n`))
    file.close()
    return null
  } catch (error) {
    if (error instanceof Failure) return error.message
    throw error
  }
}
