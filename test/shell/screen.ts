/** Screen: an Output for tests that keeps what was written. */
import type { Output } from '../../src/shell/index.ts'

export interface Screen extends Output {
  text(): string
}

export function screen(
  options: { columns?: number; rows?: number; colors?: boolean } = {},
): Screen {
  let text = ''
  return {
    write: (more) => {
      text += more
    },
    flush: async () => {},
    columns: options.columns ?? null,
    rows: options.rows ?? 24,
    colors: options.colors ?? false,
    text: () => text,
  }
}
