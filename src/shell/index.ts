/** Shell: what a person sees: the line editor, output formats, progress and faults as text. */
export { faultText } from './fault.ts'
export type { Format } from './format/renderer.ts'
export { inspectionText } from './inspection.ts'
export { type Output, streamOutput } from './output.ts'
export { terminalProgress } from './progress.ts'
export { runScript } from './script.ts'

/** Loads the line editor, which plain runs of scripts do not need. */
export async function startShell(
  ...args: Parameters<typeof import('./shell.ts')['runShell']>
): Promise<number> {
  const { runShell } = await import('./shell.ts')
  return runShell(...args)
}
