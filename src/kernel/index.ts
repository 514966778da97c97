/** Kernel: arenas, vectors and the typed kernels over them; closures and WebAssembly with the same results. */
export { Arena } from './arena.ts'
export { defineKernel, Kernels, kernelDefinitions } from './kernels.ts'
export type { Backend, Order, RowErrors, Vector, VectorBatch } from './vector.ts'
export { noWatermark, windowControl } from './window.ts'
