/**
 * Command line: `millrace`, the one place that wires everything together.
 *
 * How      Each command loads what it needs when it runs, so that a short statement is answered before the rest is
 *          even read.
 * Contract 1 (checked) exit status 0 on success, 1 on a mistake or a failure, 2 on wrong usage, 130 when interrupted.
 *          2 (checked) stdout carries result rows only, and what connector `print` is told to write there.
 */
import module from 'node:module'
import type { Format, Output } from './shell/index.ts'

checkNode(process.versions.node)
module.enableCompileCache()

const { Command, CommanderError, InvalidArgumentError, Option } = await import('commander')
const { printText, systemClock, systemDisk } = await import('./base/index.ts')

const version = '0.1.0'
const rpcHelp = `
One JSON object a line; every request gets one answer, with its id.
  request  {"id":7,"sql":"SELECT $1 AS a","params":[1]}    params: array or object
  answer   {"id":7,"ok":true,"columns":["a"],"rows":[[1]],"count":1}
  mistake  {"id":7,"ok":false,"error":"…","code":"…","position":12}
  change   {"id":8,"row":[1],"op":"+I"}                    of a SUBSCRIBE, before its answer
  cancel   {"cancel":8}
Requests wait for each other; those with another "conn":"NAME" do not.
BIGINT beyond 2^53 and DECIMAL are strings.`

interface Settings {
  command?: string
  data?: string
  format?: Format
  header?: boolean
  set?: Record<string, string>
  pace?: number
  javascript?: boolean
}

/** Ends the process with a plain message where Node lacks what everything below needs. */
function checkNode(version: string): void {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  if (major > 22 || (major === 22 && minor >= 18)) return
  process.stderr.write(`error: millrace needs Node 22.18 or newer; this is Node ${version}\n`)
  process.exit(1)
}

function setVariable(text: string, before: Record<string, string> = {}): Record<string, string> {
  const equals = text.indexOf('=')
  if (equals < 1) throw new InvalidArgumentError('write it as K=V.')
  return { ...before, [text.slice(0, equals)]: text.slice(equals + 1) }
}

function positiveNumber(text: string): number {
  const value = Number(text)
  if (!(value > 0) || !Number.isFinite(value))
    throw new InvalidArgumentError('it is a number above 0.')
  return value
}

/** Aborts at the first interrupt; the second one ends the process at once. */
function interruption(): AbortSignal {
  const controller = new AbortController()
  const interrupt = () => {
    if (controller.signal.aborted) process.exit(130)
    controller.abort()
  }
  process.on('SIGINT', interrupt)
  process.on('SIGTERM', interrupt)
  return controller.signal
}

/** Standard output and standard error as the shell writes them. */
async function standardStreams(): Promise<{ output: Output; notices: Output }> {
  const { streamOutput } = await import('./shell/index.ts')
  // A reader that went away, as in `millrace … | head`, is no fault.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    process.exit(error.code === 'EPIPE' ? 0 : 1)
  })
  const colors = (stream: NodeJS.WriteStream) =>
    stream.isTTY === true && process.env['NO_COLOR'] === undefined && process.env['TERM'] !== 'dumb'
  return {
    output: streamOutput(process.stdout, { colors: colors(process.stdout) }),
    notices: streamOutput(process.stderr, { colors: colors(process.stderr) }),
  }
}

/** `reserved`: standard output is not for connector `print`, which then writes to the other one. */
async function openDatabase(settings: Settings, reserved = false) {
  const directory = settings.data ?? ':memory:'
  const [{ open }, { builtinConnectors, pacedConnectors }] = await Promise.all([
    import('./database/index.ts'),
    import('./connect/index.ts'),
  ])
  const print: typeof printText = (text, to) => printText(text, reserved ? 'error' : to)
  const builtin = builtinConnectors(systemDisk, new Map(), print)
  const factor = settings.pace
  const connectors =
    factor === undefined ? builtin : pacedConnectors(builtin, { factor, clock: systemClock })
  if (settings.javascript !== true) return open(directory, { thread: 'host', connectors })
  const { openSandbox } = await import('./sandbox/index.ts')
  return open(directory, { thread: 'host', connectors, scripting: await openSandbox() })
}

/** Runs `work` and turns what goes wrong into text on stderr and an exit status. */
async function guarded(
  text: string,
  work: (signal: AbortSignal) => Promise<number>,
): Promise<void> {
  const signal = interruption()
  // A statement that waits for rows holds nothing that Node would wait for; an open port is such a thing.
  const { port1: alive } = new MessageChannel()
  alive.on('message', () => {})
  try {
    process.exitCode = await work(signal)
  } catch (error) {
    const { faultText } = await import('./shell/index.ts')
    if (!signal.aborted) process.stderr.write(faultText(error, text))
    process.exitCode = 1
  } finally {
    alive.close()
  }
  if (signal.aborted) process.exitCode = 130
}

async function runText(text: string, settings: Settings, signal: AbortSignal): Promise<number> {
  const { runScript, terminalProgress } = await import('./shell/index.ts')
  const { output, notices } = await standardStreams()
  const database = await openDatabase(settings)
  try {
    await runScript(database, text, {
      vars: settings.set ?? {},
      format: settings.format ?? (output.columns === null ? 'jsonl' : 'table'),
      header: settings.header ?? false,
      live: true,
      output,
      notices,
      signal,
      progress: terminalProgress(notices),
    })
    // Views over files go on to the end of their input; an interrupt does not wait for them.
    const { promise: interrupted, resolve } = Promise.withResolvers<void>()
    signal.addEventListener('abort', () => resolve())
    await Promise.race([database.settled(), interrupted])
  } finally {
    if (!signal.aborted) await database.close()
  }
  return 0
}

function runFile(path: string, settings: Settings): Promise<void> {
  let text = ''
  return guarded('', async (signal) => {
    text = systemDisk.readText(path)
    return runText(text, settings, signal)
  })
}

function runShell(settings: Settings): Promise<void> {
  return guarded('', async (signal) => {
    const { startShell } = await import('./shell/index.ts')
    const { output, notices } = await standardStreams()
    const database = await openDatabase(settings)
    try {
      return await startShell(database, {
        input: process.stdin,
        stdout: process.stdout,
        output,
        notices,
        disk: systemDisk,
        version,
        vars: settings.set ?? {},
        format: settings.format ?? (output.columns === null ? 'jsonl' : 'table'),
        header: settings.header ?? false,
        signal,
      })
    } finally {
      await database.close()
    }
  })
}

function runRpc(settings: Settings): Promise<void> {
  return guarded('', async (signal) => {
    const [{ serveRpc }, { output }] = await Promise.all([
      import('./server/index.ts'),
      standardStreams(),
    ])
    const database = await openDatabase(settings, true)
    try {
      await serveRpc(database, {
        input: process.stdin,
        write: async (line) => {
          await output.write(`${line}\n`)
          await output.flush()
        },
        signal,
      })
    } finally {
      await database.close()
    }
    return 0
  })
}

/** Prints what the log of a directory holds; 1 where something is damaged. */
function runInspect(directory: string, { json }: { json?: boolean }): Promise<void> {
  return guarded('', async () => {
    const [{ inspectLog }, { systemDataDisk }, { inspectionText }, { output }] = await Promise.all([
      import('./log/index.ts'),
      import('./base/index.ts'),
      import('./shell/index.ts'),
      standardStreams(),
    ])
    let isWhole = true
    for (const report of inspectLog(systemDataDisk, directory)) {
      isWhole &&= report.damage.length === 0
      await output.write(json === true ? `${JSON.stringify(report)}\n` : inspectionText(report))
    }
    await output.flush()
    return isWhole ? 0 : 1
  })
}

interface BenchSettings {
  json?: boolean
  long?: boolean
  only?: string
  rows?: number
}

function runBench(name: string, settings: BenchSettings): Promise<void> {
  return guarded('', async (signal) => {
    const [{ runBenchmark }, { builtinConnectors }, { output, notices }] = await Promise.all([
      import('./bench/index.ts'),
      import('./connect/index.ts'),
      standardStreams(),
    ])
    await runBenchmark(name, {
      json: settings.json ?? false,
      long: settings.long ?? false,
      only: settings.only,
      rows: settings.rows,
      signal,
      connectors: builtinConnectors(systemDisk),
      print: (text) => output.write(text),
      tell: (text) => notices.write(text),
    })
    await output.flush()
    await notices.flush()
    return 0
  })
}

type Options = InstanceType<typeof Command>

function withRunOptions(command: Options): Options {
  return command
    .option('--data <dir>', 'directory of the database (default: in memory)')
    .addOption(
      new Option('--format <format>', 'form of the rows on standard output').choices([
        'table',
        'jsonl',
        'csv',
        'arrow',
      ]),
    )
    .option('--header', 'csv: write the column names first')
    .option('--set <k=v>', 'give the variable K a value; may be repeated', setVariable)
    .option('--javascript', 'allow CREATE FUNCTION … LANGUAGE JAVASCRIPT')
    .option('--pace <x>', 'release rows at start + event time / x', positiveNumber)
}

const program = new Command('millrace')
  .description('Continuous queries in SQL, in one process.')
  .version(version)
  .exitOverride()
  .enablePositionalOptions()
withRunOptions(program)
  .option('-c, --command <sql>', 'run this text instead of the shell')
  .action((settings: Settings) => {
    const text = settings.command
    if (text === undefined) return runShell(settings)
    return guarded(text, (signal) => runText(text, settings, signal))
  })
withRunOptions(program.command('run').description('run a script to the end of its bounded input'))
  .argument('<file>')
  .action((path: string, _settings: Settings, command: Options) =>
    runFile(path, command.optsWithGlobals()),
  )
withRunOptions(program.command('shell').description('type SQL (the default)'))
  .argument('[dir]')
  .action((dir: string | undefined, _settings: Settings, command: Options) => {
    const settings: Settings = command.optsWithGlobals()
    return runShell(dir === undefined ? settings : { ...settings, data: dir })
  })
withRunOptions(
  program
    .command('rpc')
    .description('JSON lines on standard input and output')
    .addHelpText('after', rpcHelp),
).action(runRpc)
program
  .command('inspect')
  .description('what the log of a directory holds, with every checksum looked at')
  .argument('<dir>')
  .option('--json', 'print one JSON object per segment')
  .action(runInspect)
program
  .command('bench')
  .description(
    'built-in benchmarks: checkpoint, files, kernels, latency, log, memory, nexmark, start',
  )
  .argument('<name>')
  .option('--json', 'print one JSON object')
  .option('--long', 'more rounds and more data')
  .option('--only <case>', 'one case')
  .option('--rows <n>', 'rows of the main table', positiveNumber)
  .action(runBench)

try {
  await program.parseAsync()
} catch (error) {
  if (!(error instanceof CommanderError)) throw error
  // Help and version are asked for; everything else is wrong usage.
  process.exitCode = error.exitCode === 0 ? 0 : 2
}
if (process.exitCode === undefined) process.exitCode = 0
