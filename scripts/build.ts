/**
 * Build: compiles `src` and `grammar` to `dist` with plain tsc, and bundles the command line from there.
 *
 * How      1. Remove `dist`. 2. Run the compiler: this is what programs import. 3. Bundle `dist/src/cli.js` and all
 *             that it needs into `dist/cli.js` and a few chunks: loading 270 files takes longer than to answer a
 *             statement.
 * Contract `npm ci` and `npm pack` both run it (script `prepare`), so a clone and a package hold the same files.
 * See      docs/decisions/0004-bundled-command-line.md
 */
import { execFileSync } from 'node:child_process'
import { chmodSync, rmSync } from 'node:fs'
import { rolldown } from 'rolldown'

rmSync('dist', { recursive: true, force: true })
execFileSync(process.execPath, ['node_modules/typescript/bin/tsc', '-p', 'tsconfig.build.json'], {
  stdio: 'inherit',
})

const bundle = await rolldown({
  input: 'dist/src/cli.js',
  platform: 'node',
  // Loaded late or not at all: big, optional, or for tests and benchmarks only.
  external: [
    'apache-arrow',
    'string-width',
    '@duckdb/node-api',
    'rxjs',
    /^hyparquet/,
    /quickjs/,
    'h3-js',
  ],
})
await bundle.write({
  dir: 'dist',
  format: 'esm',
  entryFileNames: 'cli.js',
  chunkFileNames: 'cli/[name].js',
  banner: ({ isEntry }) => (isEntry ? '#!/usr/bin/env node' : ''),
})
await bundle.close()
chmodSync('dist/cli.js', 0o755)
