/**
 * LZ4: decodes LZ4 frames, in which Arrow files come compressed by default.
 *
 * Format   magic 04 22 4D 18 · flags · block size code · [content size, 8 bytes] · [dictionary id, 4] · header checksum
 *          · blocks (size, 4 bytes, top bit = stored · data · [checksum, 4]) · size 0 · [content checksum, 4].
 * Contract 1 (checked) damaged frames throw, and never read or write outside their buffers; checksums are not checked.
 * See      lz4_Frame_format.md and lz4_Block_format.md of the LZ4 project.
 */

const MAGIC = 0x184d2204
const CONTENT_SIZE = 0x08
const DICTIONARY_ID = 0x01
const BLOCK_CHECKSUM = 0x10
const STORED = 0x80000000
const MATCH_MIN = 4
const OUTPUT_MAX = 2 ** 31 - 1

export function decodeLz4Frame(input: Uint8Array): Uint8Array {
  const view = new DataView(input.buffer, input.byteOffset, input.byteLength)
  if (view.getUint32(0, true) !== MAGIC) throw new Error('not an LZ4 frame')
  const flags = view.getUint8(4)
  const hasSize = (flags & CONTENT_SIZE) !== 0
  const output = new Output(hasSize ? Number(view.getBigUint64(6, true)) : input.length * 4)
  let position = 6 + (hasSize ? 8 : 0) + ((flags & DICTIONARY_ID) !== 0 ? 4 : 0) + 1
  for (;;) {
    const size = view.getUint32(position, true)
    position += 4
    if (size === 0) return output.bytes.subarray(0, output.length)
    const end = position + (size & ~STORED)
    if (end > input.length) throw new Error('an LZ4 block is cut off')
    const block = input.subarray(position, end)
    // The top bit makes the 32-bit pattern negative.
    if ((size | 0) < 0) output.append(block)
    else decodeBlock(block, output)
    position = end + ((flags & BLOCK_CHECKSUM) !== 0 ? 4 : 0)
  }
}

class Output {
  bytes: Uint8Array
  length = 0

  constructor(expected: number) {
    if (expected > OUTPUT_MAX) throw new Error('an LZ4 frame is above 2 GiB')
    this.bytes = new Uint8Array(expected)
  }

  reserve(count: number): void {
    const needed = this.length + count
    if (needed <= this.bytes.length) return
    if (needed > OUTPUT_MAX) throw new Error('an LZ4 frame is above 2 GiB')
    const larger = new Uint8Array(Math.min(OUTPUT_MAX, Math.max(needed, this.bytes.length * 2)))
    larger.set(this.bytes.subarray(0, this.length))
    this.bytes = larger
  }

  append(part: Uint8Array): void {
    this.reserve(part.length)
    this.bytes.set(part, this.length)
    this.length += part.length
  }

  /** Repeats `count` bytes that lie `distance` back; they may overlap what is being written. */
  repeat(distance: number, count: number): void {
    if (distance === 0 || distance > this.length)
      throw new Error('an LZ4 match lies before its frame')
    this.reserve(count)
    let from = this.length - distance
    let to = this.length
    const bytes = this.bytes
    for (const end = to + count; to < end; ) bytes[to++] = bytes[from++]!
    this.length = to
  }
}

/** Sequences of literals and a match; the last sequence has literals only. */
function decodeBlock(input: Uint8Array, output: Output): void {
  let position = 0
  const extended = (nibble: number): number => {
    let length = nibble
    if (nibble < 15) return length
    for (;;) {
      const byte = input[position++]
      if (byte === undefined) throw new Error('an LZ4 block is cut off')
      length += byte
      if (byte < 255) return length
    }
  }
  while (position < input.length) {
    const token = input[position++]!
    const literals = extended(token >> 4)
    if (position + literals > input.length) throw new Error('an LZ4 block is cut off')
    output.append(input.subarray(position, position + literals))
    position += literals
    if (position >= input.length) return
    if (position + 2 > input.length) throw new Error('an LZ4 block is cut off')
    const distance = input[position]! | (input[position + 1]! << 8)
    position += 2
    output.repeat(distance, extended(token & 15) + MATCH_MIN)
  }
}
