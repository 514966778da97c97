/** Folder: a folder of its own for each run of a script that asks for it: `${FOLDER}` in its statements. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const mark = /\$\{FOLDER\}/g

export class ScriptFolder {
  #path: string | null = null

  /** The statement with the folder's path in it. */
  filled(sql: string): string {
    return sql.replace(mark, () => {
      this.#path ??= mkdtempSync(join(tmpdir(), 'millrace-script-'))
      return this.#path
    })
  }

  remove(): void {
    if (this.#path !== null) rmSync(this.#path, { recursive: true })
    this.#path = null
  }
}
