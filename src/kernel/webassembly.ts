/**
 * WebAssembly: the part of the standard's JavaScript interface that we use, as types; Node's own types leave it
 * out.
 */
declare global {
  namespace WebAssembly {
    class Memory {
      constructor(descriptor: { initial: number; maximum: number; shared: boolean })
      readonly buffer: SharedArrayBuffer
      grow(pages: number): number
    }
    class Module {
      constructor(bytes: Uint8Array<ArrayBuffer>)
    }
    class Instance {
      constructor(module: Module, imports: Record<string, Record<string, unknown>>)
      readonly exports: Record<string, unknown>
    }
  }
}

export {}
