/**
 * Scripts: where the golden scripts are.
 */
import { readdirSync } from 'node:fs'
import { join, relative } from 'node:path'

const folder = import.meta.dirname

/** Paths of the scripts that contain `word`, in order. */
export function scriptPaths(word = ''): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.cq') && path.includes(word))
    .sort()
    .map((path) => join(folder, path))
}

export function scriptName(path: string): string {
  return relative(folder, path).replace(/\.cq$/, '')
}
