/** Grammar: text ⇄ syntax tree of the Millrace dialect, and what a terminal needs to show both. */
export { type Completion, complete, type Want } from './complete.ts'
export { isComplete, tokens } from './highlight.ts'
export { parse } from './parse.ts'
export { print } from './print.ts'
export { locate, renderDiagnostic } from './render.ts'
export { substitute } from './substitute.ts'
export type * from './tree.ts'
export { keywords } from './words.ts'
