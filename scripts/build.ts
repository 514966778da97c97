/**
 * Build: compiles `src` and `grammar` to `dist` with plain tsc and makes `dist/cli.js` executable.
 *
 * How      1. Remove `dist`. 2. Run the compiler. 3. Write the launcher that `package.json` names as the command.
 * Contract `npm ci` and `npm pack` both run it (script `prepare`), so a clone and a package hold the same files.
 */
import { execFileSync } from 'node:child_process'
import { chmodSync, rmSync, writeFileSync } from 'node:fs'

rmSync('dist', { recursive: true, force: true })
execFileSync(process.execPath, ['node_modules/typescript/bin/tsc', '-p', 'tsconfig.build.json'], {
  stdio: 'inherit',
})
writeFileSync('dist/cli.js', "#!/usr/bin/env node\nimport './src/cli.js'\n")
chmodSync('dist/cli.js', 0o755)
