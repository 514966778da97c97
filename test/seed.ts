/**
 * Seed: where random tests begin: another place with every commit, the same one for everybody who runs that commit.
 *
 * How      SEED in the environment stands in for the commit, to repeat a run.
 */
import { execFileSync } from 'node:child_process'

/** What the environment names, else the commit; outside a repository always the same. */
function origin(): string {
  const given = process.env['SEED']
  if (given !== undefined) return given
  try {
    const options = { cwd: import.meta.dirname, encoding: 'utf8', stdio: 'pipe' } as const
    return execFileSync('git', ['rev-parse', 'HEAD'], options).trim()
  } catch {
    return ''
  }
}

const commit = origin()

/** A seed from 1 to 2³⁰ for the commit and `name` (FNV-1a). */
export function commitSeed(name: string): number {
  let hash = 0x811c9dc5
  for (const letter of `${commit} ${name}`) {
    hash = Math.imul(hash ^ letter.codePointAt(0)!, 0x01000193)
  }
  return (hash >>> 2) + 1
}
