/** Sandbox: functions written in JavaScript or TypeScript, in an engine of their own inside WebAssembly. */
export { openSandbox } from './sandbox.ts'
