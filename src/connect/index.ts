/**
 * Connect: sources and sinks, one file each. The only thing others need is the table of connectors by name.
 *
 *     const connectors = builtinConnectors(systemDisk, new Map([['orders', [{ id: 1 }]]]))
 *     const options = new Map([['path', 'orders.csv']])
 *     const schema = connectors.get('filesystem')?.infer(options)
 */
import { type Disk, printText } from '../base/index.ts'
import type { Connectors } from '../data/index.ts'
import { blackholeConnector } from './blackhole.ts'
import { datagenConnector } from './datagen.ts'
import { filesystemConnector } from './filesystem.ts'
import { type JsSource, jsConnector } from './js.ts'
import { nexmarkConnector } from './nexmark.ts'
import { type Print, printConnector } from './print.ts'

export type { BlackholeWriter } from './blackhole.ts'
export { functionConnector, type TableFunction } from './function.ts'
export type { JsRow, JsRows, JsSource } from './js.ts'
export { pacedConnectors } from './pace.ts'
export type { Print } from './print.ts'

/**
 * The connectors that come with the package; `sources` are what connector `js` reads, by name, and `print` is where
 * connector `print` and COPY … TO STDOUT write to.
 */
export function builtinConnectors(
  disk: Disk,
  sources: ReadonlyMap<string, JsSource> = new Map(),
  print: Print = printText,
): Connectors {
  const all = [
    filesystemConnector(disk, print),
    blackholeConnector(),
    jsConnector(sources),
    printConnector(print),
    nexmarkConnector(),
    datagenConnector(),
  ]
  return new Map(all.map((connector) => [connector.name, connector]))
}
