/**
 * Directory: the place of a database that lasts.
 *
 * Format   DIR/writer.lock   who writes (src/catalog/lock.ts)
 *          DIR/log/*.segment the log (src/log/segment.ts)
 * Contract 1 (checked) a directory that is not there is made; of one that is, only these names are touched.
 */
import { dirname, resolve } from 'node:path'
import { type Clock, type DataDisk, randomWord, systemDataDisk } from '../base/index.ts'
import { lockDirectory } from '../catalog/index.ts'
import { Log, Store } from '../log/index.ts'

export interface Directory {
  log: Log
  /** What is on its way lasts, if it can; others may open the directory. */
  close(): Promise<void>
}

/** Where a database lives instead of the disks of this machine; for simulation. */
export interface Place {
  disk: DataDisk
  salt: () => bigint
  segmentBytes?: number
}

/** Makes a directory whose name, and those of the directories around it that were made, last. */
async function makeLasting(disk: DataDisk, directory: string): Promise<void> {
  const made = disk.makeDirectory(directory)
  if (made === null) return
  for (let path = directory; ; path = dirname(path)) {
    await disk.syncDirectory(dirname(path))
    if (resolve(path) === resolve(made)) return
  }
}

export async function openDirectory(
  directory: string,
  clock: Clock,
  place?: Place,
): Promise<Directory> {
  const { disk, ...rest } = place ?? { disk: systemDataDisk, salt: randomWord }
  await makeLasting(disk, directory)
  const unlock = place === undefined ? lockDirectory(directory) : () => {}
  try {
    const store = await Store.open({ disk, directory, clock, ...rest })
    const log = new Log({ journal: store })
    const close = async () => {
      try {
        await store.close()
      } finally {
        unlock()
      }
    }
    return { log, close }
  } catch (fault) {
    unlock()
    throw fault
  }
}
