/**
 * Sources: rows of the bounded sources outside that a script feeds, for connector `js`.
 */
import type { JsSource } from '../../src/connect/index.ts'

/** Rows by source, case aside; a source exists once a statement names it. */
export class Sources extends Map<string, JsSource & unknown[][]> {
  override get(name: string): JsSource & unknown[][] {
    const rows = super.get(name.toLowerCase()) ?? ([] as unknown[][] as JsSource & unknown[][])
    this.set(name.toLowerCase(), rows)
    return rows
  }

  find(name: string): unknown[][] | undefined {
    return super.get(name.toLowerCase())
  }
}
