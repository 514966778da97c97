/**
 * Canary: bugs that are planted in copies of the log, to see that the simulation finds them.
 *
 * How      Each bug replaces a piece of text of one file of src/log. The copy lies in a folder of its own, whose other
 *          imports lead to the sources.
 * Contract 1 a text that is not there, or more than once, is an error: the list follows the code.
 */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Store } from '../../src/log/index.ts'

interface Canary {
  name: string
  file: 'store.ts' | 'segment.ts' | 'codec.ts' | 'message.ts'
  find: string
  put: string
}

const store = 'store.ts' as const
const segment = 'segment.ts' as const

export const canaries: readonly Canary[] = [
  {
    name: 'a group is acknowledged without a sync',
    file: store,
    find: `    await tail.file.sync()
    tail.group++`,
    put: '    tail.group++',
  },
  {
    name: 'what is appended is acknowledged at once',
    file: store,
    find: 'if (this.#lasting === this.#appended) return null',
    put: 'return null',
  },
  {
    name: 'the header of a segment is not synced before its frames come',
    file: store,
    find: `    await file.write([segmentHeader(header)], 0)
    await file.sync()`,
    put: '    await file.write([segmentHeader(header)], 0)',
  },
  {
    name: 'the name of a new segment does not last',
    file: store,
    find: `    await disk.syncDirectory(this.#directory)
    this.#lastNumber = number`,
    put: '    this.#lastNumber = number',
  },
  {
    name: 'a mark is not synced before the next segment follows it',
    file: store,
    find: '    await this.#tail?.file.sync()\n',
    put: '',
  },
  {
    name: 'a frame too many is cut off',
    file: store,
    find: 'await this.#settleEnd(end.header, end.frames, cut?.at ?? end.at)',
    put: 'await this.#settleEnd(end.header, end.frames, (cut?.at ?? end.at) - 64)',
  },
  {
    name: 'the torn end stays',
    file: store,
    find: '      if (at < file.size) file.truncate(at)\n',
    put: '',
  },
  {
    name: 'what was read from the cache is not written again',
    file: store,
    find: '      await file.write([bytes], from)\n',
    put: '',
  },
  {
    name: 'what was read from the cache is not synced',
    file: store,
    find: `      await file.write([bytes], from)
      await file.sync()`,
    put: '      await file.write([bytes], from)',
  },
  {
    name: 'a write that failed is taken for done',
    file: store,
    find: 'for (const { reject } of this.#waiting.splice(0)) reject(this.fault)',
    put: 'for (const { resolve } of this.#waiting.splice(0)) resolve()',
  },
  {
    name: 'frames are taken after a write that failed',
    file: store,
    find: `      this.fault = new Failure('fenced', message, { cause })
      for (const { reject } of this.#waiting.splice(0)) reject(this.fault)
      this.onFault(this.fault)`,
    put: `      const fault = new Failure('fenced', message, { cause })
      for (const { reject } of this.#waiting.splice(0)) reject(fault)`,
  },
  {
    name: 'the chain goes on behind what was cut off',
    file: store,
    find: '      this.#chain = cut.chain\n',
    put: '',
  },
  {
    name: 'a change in part is left',
    file: store,
    find: 'const whole = wholeChanges(found.map(({ frame }) => frame))',
    put: 'const whole = wholeChanges(found.map(({ frame }) => frame)) * 0 + found.length',
  },
  {
    name: 'contents are not looked at in the last segment',
    file: segment,
    find: '    if (isLast && !isWhole(window, frame)) break\n',
    put: '',
  },
  {
    name: 'contents are not looked at when they are read',
    file: segment,
    find: 'if (count < bytes.length || contentCrc(bytes, frame) !== view(bytes).getUint32(44, true)) {',
    put: 'if (count < 0) {',
  },
  {
    name: 'headers of frames are not looked at',
    file: segment,
    find: '  if (from.getUint32(4, true) !== crc32(bytes.subarray(8))) return null\n',
    put: '',
  },
  {
    name: 'a frame may end behind the file',
    file: segment,
    find: ' || frame.end > size',
    put: '',
  },
  {
    name: 'a torn group is taken for damage',
    file: segment,
    find: 'if (!isLast || found.group > group) return',
    put: 'if (!isLast || found.group >= group) return',
  },
  {
    name: 'damage is taken for a torn end',
    file: segment,
    find: 'if (!isLast || found.group > group) return',
    put: 'if (!isLast) return',
  },
  {
    name: 'rows that take others back are forgotten',
    file: 'codec.ts',
    find: 'removes: removes!.length === 0 ? null : new Float64Array(removes!.buffer),',
    put: 'removes: null,',
  },
  {
    name: 'the end of a change is not written',
    file: 'codec.ts',
    find: 'to.setBigUint64(0, BigInt(until), true)',
    put: 'to.setBigUint64(0, 0n, true)',
  },
  {
    name: 'NULLs are forgotten',
    file: 'message.ts',
    find: 'validity: present.length === 0 ? null : present }',
    put: 'validity: null }',
  },
]

const sources = join(import.meta.dirname, '../../src/log')

/** A new folder in the project, from where packages are found. */
export function canaryFolder(): string {
  const all = join(import.meta.dirname, '../../.tmp')
  mkdirSync(all, { recursive: true })
  return mkdtempSync(join(all, 'canary-'))
}

/** The store of a copy with the bug in it, which lies in `folder`. */
export async function planted({ file, find, put }: Canary, folder: string): Promise<typeof Store> {
  mkdirSync(folder, { recursive: true })
  for (const name of readdirSync(sources)) {
    const text = readFileSync(join(sources, name), 'utf8')
    const isIt = name === file
    if (isIt && text.split(find).length !== 2)
      throw new Error(`${file} does not have this text once: ${find}`)
    const changed = isIt ? text.replace(find, () => put) : text
    writeFileSync(join(folder, name), changed.replaceAll(`'../`, `'${join(sources, '..')}/`))
  }
  const { Store } = await import(pathToFileURL(join(folder, 'index.ts')).href)
  return Store
}
