/**
 * Shell: reads statements from a terminal (or a pipe), runs them and shows their results.
 *
 * How      1. Lines gather until a `;` ends a statement; a line that begins with `.` is a command of the shell.
 *          2. Ctrl-C stops the running statement, else drops what was typed; Ctrl-D leaves.
 *          3. Not on a terminal, the shell prompts for nothing and stops at the first mistake with status 1.
 * Contract 1 (checked) statements run one at a time, in the order of their lines, also when they were typed ahead.
 */

import { isComplete } from '../../grammar/index.ts'
import { type Disk, Failure, systemClock } from '../base/index.ts'
import type { Database } from '../database/index.ts'
import { catalogNames, complete, type Names } from './completion.ts'
import { type Editor, historyPath, openEditor, readHistory, writeHistory } from './editor.ts'
import { faultText, isCancelled } from './fault.ts'
import { colored } from './format/cell.ts'
import { createRenderer, type Format, formats } from './format/renderer.ts'
import type { Output } from './output.ts'
import { terminalProgress } from './progress.ts'
import { runScript } from './script.ts'
import { type Standing, standingLines, standings } from './standing.ts'

const prompt = 'millrace> '
const continuation = '     ...> '

const help = `
.help              this text
.tables            streams, tables and views
.mode FORMAT       output as ${formats.slice(0, -1).join(', ')}
.timer on|off      time of each statement
.read FILE         run a script
.quit              leave (also Ctrl-D)

A statement ends with a semicolon. Ctrl-C stops the one that runs.
`.trimStart()

const commands = ['.help', '.mode', '.quit', '.read', '.tables', '.timer']

export interface ShellOptions {
  input: NodeJS.ReadStream
  stdout: NodeJS.WriteStream
  output: Output
  notices: Output
  disk: Disk
  version: string
  vars?: Record<string, string>
  format: Format
  header: boolean
  /** Ends the shell from outside. */
  signal: AbortSignal
}

/** Runs until the user leaves; gives the exit status. */
export function runShell(
  database: Pick<Database, 'execute'>,
  options: ShellOptions,
): Promise<number> {
  return new Shell(database, options).run()
}

class Shell {
  #database: Pick<Database, 'execute'>
  #options: ShellOptions
  #editor: Editor
  #terminal: boolean
  #format: Format
  #timer: boolean
  /** Lines of the statement being typed. */
  #typed = ''
  #running: AbortController | null = null
  #names: Names = new Map()
  /** Sources as they were told of last. */
  #standings: Standing[] = []
  #status = 0
  #closed = false

  constructor(database: Pick<Database, 'execute'>, options: ShellOptions) {
    this.#database = database
    this.#options = options
    this.#terminal = options.input.isTTY === true && options.stdout.isTTY === true
    this.#format = options.format
    this.#timer = this.#terminal
    this.#editor = openEditor({
      input: options.input,
      output: options.stdout,
      terminal: this.#terminal,
      history: this.#terminal ? readHistory(options.disk, historyPath()) : [],
      complete: (line, after) =>
        complete({ before: this.#typed + line, after }, this.#names, commands),
    })
  }

  async run(): Promise<number> {
    const { lines } = this.#editor
    if (this.#terminal) {
      this.#say(
        `Millrace ${this.#options.version}   ${colored.dim('.help for help, Ctrl-D to leave')}\n`,
      )
    }
    const queue: string[] = []
    let wake = () => {}
    lines.on('line', (line) => {
      queue.push(line)
      wake()
    })
    lines.on('close', () => {
      this.#closed = true
      if (this.#terminal) this.#running?.abort()
      wake()
    })
    this.#options.signal.addEventListener('abort', () => {
      this.#running?.abort()
      lines.close()
    })
    lines.on('SIGINT', () => this.#interrupt())
    this.#prompt()
    while (true) {
      const line = queue.shift()
      if (line !== undefined) {
        if (!(await this.#take(line))) break
        if (queue.length === 0) this.#prompt()
      } else if (this.#closed) break
      else await new Promise<void>((resolve) => (wake = resolve))
    }
    if (this.#typed.trim() !== '' && this.#status === 0) await this.#statement(this.#typed)
    this.#leave()
    return this.#status
  }

  /** One line of input; false to leave. */
  async #take(line: string): Promise<boolean> {
    if (this.#typed === '' && line.trimStart().startsWith('.')) return this.#command(line.trim())
    if (this.#typed === '' && line.trim() === '') return true
    this.#typed += `${line}\n`
    if (!isComplete(this.#typed)) return true
    const text = this.#typed
    this.#typed = ''
    return this.#statement(text)
  }

  /** Runs text; false when the shell should stop: at a mistake in a pipe. */
  async #statement(text: string): Promise<boolean> {
    const { output, notices, vars, header } = this.#options
    const startedAt = systemClock.monotonicMillis()
    this.#running = new AbortController()
    if (this.#closed && this.#terminal) return false
    let good = true
    try {
      const rows = await runScript(this.#database, text, {
        ...(vars === undefined ? {} : { vars }),
        format: this.#format,
        header,
        live: true,
        output,
        notices,
        signal: this.#running.signal,
        progress: terminalProgress(notices),
      })
      if (this.#timer) {
        const millis = systemClock.monotonicMillis() - startedAt
        this.#say(colored.dim(`${rowsText(rows)}${timeText(millis)}\n`))
      }
    } catch (error) {
      this.#say(faultText(error, text))
      if (!isCancelled(error)) good = this.#terminal
    } finally {
      this.#running = null
    }
    if (!good) this.#status = 1
    if (this.#terminal) await this.#look()
    return good
  }

  /** Learns what there is for the next statement, and tells how far sources are. */
  async #look(): Promise<void> {
    this.#names = await catalogNames(this.#database).catch(() => this.#names)
    const now = await standings(this.#database).catch(() => this.#standings)
    for (const line of standingLines(now, this.#standings)) this.#say(colored.dim(`${line}\n`))
    this.#standings = now
  }

  async #command(line: string): Promise<boolean> {
    const [name = '', argument = ''] = line.split(/\s+(.*)/)
    switch (name) {
      case '.help':
        this.#say(help)
        return true
      case '.quit':
      case '.exit':
        return false
      case '.tables':
        return this.#tables()
      case '.timer':
        this.#timer = argument === 'on' || (argument === '' && !this.#timer)
        return true
      case '.mode':
        return this.#mode(argument)
      case '.read':
        return this.#read(argument)
      default:
        return this.#refuse(`${name} is no command of the shell; .help lists them\n`)
    }
  }

  /** One list of everything that can stand after FROM. */
  async #tables(): Promise<boolean> {
    const { output, header } = this.#options
    const shown = await this.#database.execute('SHOW STREAMS; SHOW TABLES; SHOW VIEWS')
    const lists = shown.filter((result) => result.kind === 'rows')
    const options = { format: this.#format, kind: 'rows', header, live: false } as const
    const renderer = createRenderer(lists[0]!.fields, output, options)
    for (const { rows } of lists) await renderer.rows(rows, null)
    await renderer.end()
    return true
  }

  #mode(argument: string): boolean {
    const format = formats.find((known) => known === argument)
    if (format === undefined) return this.#refuse(`formats are ${formats.join(', ')}\n`)
    this.#format = format
    return true
  }

  #read(path: string): Promise<boolean> | boolean {
    try {
      return this.#statement(this.#options.disk.readText(path))
    } catch (error) {
      if (error instanceof Failure) return this.#refuse(faultText(error, ''))
      throw error
    }
  }

  #refuse(text: string): boolean {
    this.#say(text)
    if (!this.#terminal) this.#status = 1
    return this.#terminal
  }

  #interrupt(): void {
    if (this.#running !== null) this.#running.abort()
    else if (this.#typed !== '' || this.#editor.lines.line !== '') {
      this.#typed = ''
      this.#editor.lines.write(null, { ctrl: true, name: 'e' })
      this.#editor.lines.write(null, { ctrl: true, name: 'u' })
      this.#say('\n')
      this.#prompt()
    } else {
      this.#say('\n.quit or Ctrl-D to leave\n')
      this.#prompt()
    }
  }

  #prompt(): void {
    if (!this.#terminal || this.#closed) return
    this.#editor.lines.setPrompt(this.#typed === '' ? prompt : continuation)
    this.#editor.lines.prompt()
  }

  #leave(): void {
    this.#editor.lines.close()
    if (!this.#terminal) return
    const trouble = writeHistory(this.#options.disk, historyPath(), this.#editor.history())
    this.#say(trouble === null ? '\n' : `\nthe history was not kept: ${trouble}\n`)
  }

  #say(text: string): void {
    void this.#options.notices.write(text)
    void this.#options.notices.flush()
  }
}

/** Nothing for a statement that gives no rows by its nature, or none by chance: its table or message says so. */
function rowsText(rows: number): string {
  if (rows === 0) return ''
  return rows === 1 ? '1 row in ' : `${rows.toLocaleString('en')} rows in `
}

function timeText(millis: number): string {
  return millis < 1000 ? `${millis.toFixed(1)} ms` : `${(millis / 1000).toFixed(2)} s`
}
