/** Kernel: arenas, vectors and the typed kernels over them; closures and WebAssembly with the same results. */
import './arithmetic.ts'
import './bits.ts'
import './comparison.ts'
import './conversion.ts'
import './mark.ts'
import './movement.ts'
import './text.ts'
import './view.ts'
import './wide.ts'

export { Arena } from './arena.ts'

import './cell/fold.ts'
import './cell/hash-index.ts'
import './cell/key.ts'
import './cell/own.ts'
import './cell/read.ts'
import './cell/reduce.ts'
import './cell/sum.ts'
import './join/chain.ts'
import './join/pair.ts'
import './join/store.ts'
import './scan/separated.ts'
import './scan/template.ts'

export { cellBlocks } from './cell/blocks.ts'
export { type FusedField, fusedBlock, fusedFold } from './cell/fused.ts'
export { rowsOf, sumOf } from './cell/read.ts'
export {
  type BlockSink,
  Checkpoint,
  type CheckpointReport,
  MarkCheck,
  restoreBlocks,
} from './checkpoint.ts'
export { type KernelFunction, Kernels, kernelDefinitions } from './kernels.ts'
export {
  copyRows,
  loadColumn,
  loadColumnRows,
  majorOf,
  positionOf,
  selectTrue,
  takeMajor,
  takeRows,
  takeVector,
  unloadColumn,
} from './transfer.ts'
export type { Backend, Order, RowErrors, Vector, VectorBatch } from './vector.ts'
export { compareViews, equalViews, writeView } from './view.ts'
export { noWatermark, windowControl } from './window.ts'
