/** Grammar: text ⇄ syntax tree of the Millrace dialect, and what a terminal needs to show both. */
export { parse } from './parse.ts'
export { print } from './print.ts'
export type * from './tree.ts'
export { keywords } from './words.ts'
