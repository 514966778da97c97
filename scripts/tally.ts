/**
 * Tally: turns a vitest report into the last line of the continuous-integration run, "N passed, N failed, N skipped".
 *
 * How      node scripts/tally.ts REPORT STATUS, where STATUS is the exit status of the test command. A run that
 *          failed without a failed test (types, format, a file that does not load) counts as one failure.
 * Contract 1 (checked) the exit status is 0 only if the test command's was 0 and at least one test passed.
 */
import { existsSync, readFileSync } from 'node:fs'

interface Report {
  numPassedTests: number
  numFailedTests: number
  numPendingTests: number
  numTodoTests: number
}

const [path = '', status = '1'] = process.argv.slice(2)
const report: Report | null = existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')) : null
const passed = report?.numPassedTests ?? 0
const skipped = (report?.numPendingTests ?? 0) + (report?.numTodoTests ?? 0)
const counted = report?.numFailedTests ?? 0
const failed = counted === 0 && (status !== '0' || passed === 0) ? 1 : counted

console.log(`${passed} passed, ${failed} failed, ${skipped} skipped`)
process.exitCode = failed === 0 ? 0 : 1
