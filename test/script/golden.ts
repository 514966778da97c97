/**
 * Golden: rewrites the expectations of golden scripts with the answers of the reference interpreter; read the diff.
 *
 *   npm run golden [-- word]     scripts whose path contains the word, else all
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { readScript, type Step, type Table, writeScript } from './format.ts'
import { OracleSession } from './oracle-session.ts'
import { runStep } from './run.ts'
import { scriptPaths } from './scripts.ts'

/** Numbers of failures and of rewritten files. */
async function rewrite(path: string): Promise<{ complaints: number; changed: boolean }> {
  const text = readFileSync(path, 'utf8')
  const session = new OracleSession()
  const tables = new Map<Step, Table>()
  let complaints = 0
  for (const step of readScript(text)) {
    const { table, complaint } = await attempt(session, step)
    if (complaint !== null) {
      complaints++
      process.stderr.write(`${path}:${step.line}: ${complaint}\n`)
    }
    if (table !== null) tables.set(step, withMask(step.table, table))
  }
  const written = writeScript(text, tables)
  if (written !== text) writeFileSync(path, written)
  return { complaints, changed: written !== text }
}

async function attempt(session: OracleSession, step: Step) {
  try {
    return await runStep(session, step)
  } catch (error) {
    return {
      table: null,
      complaint: error instanceof Error ? (error.stack ?? error.message) : String(error),
    }
  }
}

/** Cells that the script ignores stay ignored. */
function withMask(old: Table, next: Table): Table {
  const rows = next.rows.map((cells, row) =>
    cells.map((cell, column) => (old.rows[row]?.[column] === '_' ? '_' : cell)),
  )
  return { header: next.header, rows }
}

const word = process.argv[2] ?? ''
let failed = 0
for (const path of scriptPaths(word)) {
  const { complaints, changed } = await rewrite(path)
  failed += complaints
  if (changed) process.stdout.write(`rewritten ${path}\n`)
}
process.exitCode = failed > 0 ? 1 : 0
