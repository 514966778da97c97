/**
 * Tidy: the style as a test. Layers, doors, packages, sizes, headers, and what only `src/base` may touch.
 *
 * How      Every TypeScript file is parsed once; each rule gathers all its findings and expects none, so that a
 *          failure lists every place. Exceptions stand in this file, by name and with their reason.
 * See      docs/architecture.md for the reasons; test/documents.test.ts runs what README and examples show.
 */
import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { basename, dirname } from 'node:path'
import { describe, expect, test } from 'vitest'
import { filesBelow, readSource, type SourceFile } from './tidy/source.ts'

/** Imports point from a higher rank to a lower one; modules of one rank do not know each other. */
const ranks: Record<string, number> = {
  'src/base': 0,
  grammar: 1,
  'src/geometry': 1,
  'src/data': 1.5,
  'src/log': 2,
  'src/kernel': 2,
  'src/synopsis': 3,
  'src/learn': 3,
  'src/cuboid': 4,
  'src/catalog': 4,
  'src/plan': 5,
  'src/runtime': 6,
  'src/platform': 7,
  'src/database': 8,
  'src/connect': 9,
  'src/sandbox': 9,
  'src/server': 9,
  'src/shell': 9,
  'src/bench': 9,
  src: 10,
}

/** The parts of apache-arrow that write and read its messages. */
const arrowTables = [
  'binary bool buffer date field field-node floating-point int key-value message message-header metadata-version',
  'precision record-batch schema time-unit timestamp type utf8',
].flatMap((names) => names.split(' ').map((name) => `apache-arrow/fb/${name}`))

/** What from outside a module may import. Type-only imports count too: they are part of what a reader must know. */
const outside: Record<string, string[]> = {
  'src/base': ['node:crypto', 'node:fs', 'node:os', 'node:path', 'node:worker_threads'],
  // The lock of a directory, loaded when one is opened.
  'src/catalog': ['better-sqlite3', 'node:module', 'node:path'],
  // Messages of Arrow, checksums, and values of any kind as bytes.
  'src/log': [...arrowTables, 'flatbuffers', 'node:path', 'node:v8', 'node:zlib'],
  grammar: ['chevrotain'],
  // Types only.
  'src/data': ['apache-arrow'],
  // Of node's modules only computations: text checks, decompression, and loading a package late.
  'src/connect': [
    'apache-arrow',
    'apache-arrow/ipc/metadata/file',
    'hyparquet',
    'hyparquet/src/column.js',
    'hyparquet/src/datapage.js',
    'hyparquet/src/metadata.js',
    'hyparquet/src/plain.js',
    'hyparquet-compressors',
    'node:buffer',
    'node:module',
    'node:zlib',
  ],
  'src/database': ['node:path', 'node:worker_threads'],
  // Digests, and cells of the earth, loaded late.
  'src/runtime': ['h3-js', 'node:crypto', 'node:module'],
  // A JavaScript engine in WebAssembly, and Node's own way to take types out of a text.
  'src/sandbox': ['@jitl/quickjs-wasmfile-release-sync', 'quickjs-emscripten-core', 'node:module'],
  'src/server': ['node:readline'],
  'src/shell': [
    'apache-arrow',
    'node:module',
    'node:os',
    'node:path',
    'node:readline',
    'node:stream',
    'picocolors',
    'string-width',
  ],
  'src/bench': [
    '@duckdb/node-api',
    'node:child_process',
    'node:os',
    'node:path',
    'node:url',
    'node:v8',
    'node:vm',
    'rxjs',
  ],
  src: ['commander', 'node:module', 'node:worker_threads'],
}

/** Names on a door beyond twelve, with the reason. */
const wideDoors: Record<string, { values: number; reason: string }> = {
  'src/base/index.ts': { values: 15, reason: 'faults, and all that the engine has of the world' },
  'src/data/index.ts': {
    values: 73,
    reason: 'types, values and batches are the words of every layer',
  },
  'src/runtime/index.ts': {
    values: 13,
    reason: 'a dataflow with its inputs, what it tells, and how rows on the host are counted',
  },
  'src/plan/index.ts': {
    values: 19,
    reason: 'statements, plans, their functions, settings and their text',
  },
  'src/kernel/index.ts': { values: 26, reason: 'state and expressions are built from its parts' },
}

/** Syntax trees and plans with one node per line, and the table of functions. */
const wideFiles = new Set(['grammar/tree.ts', 'src/plan/logical.ts', 'src/plan/library.ts'])

/** Clock, random numbers, timers: the engine has them from `src/base` alone. */
const worldly = [
  'Date.now', 'new Date()', 'performance.now', 'process.hrtime', 'Math.random', 'setTimeout',
  'setInterval', 'setImmediate', 'queueMicrotask', 'crypto.randomUUID', 'crypto.getRandomValues',
] // biome-ignore format: one list

const productFiles = [...filesBelow('grammar', ['.ts']), ...filesBelow('src', ['.ts'])]
const otherFiles = [
  ...filesBelow('test', ['.ts']),
  ...filesBelow('scripts', ['.ts']),
  ...filesBelow('examples', ['.ts']),
]
const sources = new Map<string, SourceFile>()
for (const path of [...productFiles, ...otherFiles]) sources.set(path, readSource(path))
const product = productFiles.map((path) => sources.get(path)!)
const everything = [...sources.values()]

/** `src/plan` for `src/plan/rule/push-filter.ts`; `src` for the entries. */
function moduleOf(path: string): string {
  const parts = path.split('/')
  if (parts[0] !== 'src') return parts[0]!
  return parts.length > 2 ? `src/${parts[1]}` : 'src'
}

function findings(files: SourceFile[], find: (file: SourceFile) => string[]): string[] {
  return files.flatMap((file) => find(file).map((finding) => `${file.path}:${finding}`))
}

describe('layers', () => {
  test('every module has a rank', () => {
    const unknown = new Set(product.map((file) => moduleOf(file.path)).filter((m) => !(m in ranks)))
    expect([...unknown]).toEqual([])
  })

  test('imports point down, through the door', () => {
    const found = findings(product, (file) => {
      const from = moduleOf(file.path)
      return file.imports.flatMap(({ target, specifier, line }) => {
        if (target === null) return []
        const to = moduleOf(target)
        if (to === from) return []
        if (!(ranks[to]! < ranks[from]!))
          return [`${line} imports ${specifier}: ${from} may not know ${to}`]
        if (target !== `${to}/index.ts`)
          return [`${line} imports ${specifier} past the door of ${to}`]
        return []
      })
    })
    expect(found).toEqual([])
  })

  test('tests and examples reach the product through relative paths that exist', () => {
    const found = findings(everything, (file) =>
      file.imports
        .filter(({ target }) => target !== null && !existsSync(target))
        .map(({ specifier, line }) => `${line} imports ${specifier}, which is not there`),
    )
    expect(found).toEqual([])
  })

  test('examples use the public interface only', () => {
    const found = findings(
      everything.filter((file) => file.path.startsWith('examples/')),
      (file) =>
        file.imports
          .filter(({ target }) => target?.startsWith('src/') && target !== 'src/index.ts')
          .map(({ specifier, line }) => `${line} imports ${specifier}`),
    )
    expect(found).toEqual([])
  })

  test('packages from outside stay where they belong', () => {
    const found = findings(product, (file) => {
      const allowed = outside[moduleOf(file.path)] ?? []
      return file.imports
        .filter(({ target, specifier }) => target === null && !allowed.includes(specifier))
        .map(({ specifier, line }) => `${line} imports ${specifier}`)
    })
    expect(found).toEqual([])
  })

  test('what the product imports is a dependency, installed or optional by declaration', () => {
    const manifest = JSON.parse(readFileSync('package.json', 'utf8'))
    const optional = new Set(outside['src/bench'])
    const found = findings(product, (file) =>
      file.imports
        .filter(({ target, specifier }) => target === null && !specifier.startsWith('node:'))
        .filter(({ specifier }) => {
          const [name] = specifier.match(/^(@[^/]+\/)?[^/]+/) ?? [specifier]
          if (manifest.dependencies[name] !== undefined) return false
          return !(moduleOf(file.path) === 'src/bench' && optional.has(specifier))
        })
        .map(({ specifier, line }) => `${line} imports ${specifier}`),
    )
    expect(found).toEqual([])
  })
})

describe('doors', () => {
  const doors = product.filter((file) => basename(file.path) === 'index.ts')

  test('a door has at most twelve values and names each of them', () => {
    const found = findings(doors, (file) => {
      const limit = wideDoors[file.path]?.values ?? 12
      if (file.exportsAll) return ['1 exports everything of another file']
      return file.values.length > limit ? [`1 exports ${file.values.length} values`] : []
    })
    expect(found).toEqual([])
  })

  test('every exception for a door is needed', () => {
    const idle = Object.entries(wideDoors).filter(
      ([path]) => (sources.get(path)?.values.length ?? 0) <= 12,
    )
    expect(idle).toEqual([])
  })

  test('a module that others import has a door', () => {
    const modules = new Set(productFiles.map(moduleOf))
    modules.delete('src')
    expect([...modules].filter((module) => !existsSync(`${module}/index.ts`))).toEqual([])
  })

  test('every file is reached from an entry', () => {
    const reached = new Set<string>()
    const reach = (path: string) => {
      if (reached.has(path)) return
      reached.add(path)
      for (const { target } of sources.get(path)?.imports ?? []) if (target !== null) reach(target)
    }
    for (const entry of ['src/index.ts', 'src/cli.ts', 'src/worker.ts']) reach(entry)
    expect(productFiles.filter((path) => !reached.has(path))).toEqual([])
  })
})

describe('shape', () => {
  test('every file says what it is in its first line', () => {
    const found = findings(everything, (file) => {
      const first = file.lines[0] ?? ''
      if (!first.startsWith('/**')) return ['1 has no header']
      const sentence = first === '/**' ? (file.lines[1] ?? '') : first
      return /[A-Za-z].{15,}/.test(sentence) ? [] : ['1 has a header without a sentence']
    })
    expect(found).toEqual([])
  })

  test('files have at most 900 lines', () => {
    const found = findings(everything, (file) =>
      file.lines.length > 900 ? [`1 has ${file.lines.length} lines`] : [],
    )
    expect(found).toEqual([])
  })

  test('functions have at most 70 lines', () => {
    const found = findings(
      everything.filter((file) => !file.path.startsWith('test/')),
      (file) =>
        file.functions
          .filter(({ lines }) => lines > 70)
          .map(({ name, line, lines }) => `${line} ${name} has ${lines} lines`),
    )
    expect(found).toEqual([])
  })

  test('lines have at most 120 characters', () => {
    const found = findings(
      everything.filter((file) => !wideFiles.has(file.path)),
      (file) =>
        file.lines.flatMap((text, at) =>
          text.length > 120 ? [`${at + 1} has ${text.length}`] : [],
        ),
    )
    expect(found).toEqual([])
  })

  test('a folder has at most 30 files and a name that says something', () => {
    const folders = Map.groupBy([...sources.keys()], (path) => dirname(path))
    const crowded = [...folders].filter(([, files]) => files.length > 30).map(([folder]) => folder)
    const vague = [...sources.keys()].filter((path) =>
      /(^|\/)(utils?|helpers?|common|misc|managers?|impl)(\/|\.ts$|-|$)/.test(path),
    )
    expect({ crowded, vague }).toEqual({ crowded: [], vague: [] })
  })

  test('no any, enum, namespace, decorator or default export', () => {
    const found = findings(everything, (file) => [
      ...file.banned.map(({ text, line }) => `${line} has ${text}`),
      // The configuration of tools demands one.
      ...(file.exportsDefault ? ['1 has a default export'] : []),
    ])
    expect(found).toEqual([])
  })

  test('nothing is left for later without a decision, and nothing is switched off', () => {
    const words =
      /\b(TODO|FIXME|XXX|HACK)\b|\.only\(|(test|it|describe)\.skip\(|@ts-ignore|@ts-nocheck/
    const found = findings(
      everything.filter((file) => file.path !== 'test/tidy.test.ts'),
      (file) =>
        file.lines.flatMap((text, at) => (words.test(text) ? [`${at + 1} ${text.trim()}`] : [])),
    )
    expect(found).toEqual([])
  })
})

describe('the world', () => {
  test('clock, timers and random numbers come from src/base', () => {
    const found = findings(
      product.filter((file) => !file.path.startsWith('src/base/')),
      (file) =>
        file.names
          .filter(({ text }) => worldly.includes(text))
          .map(({ text, line }) => `${line} uses ${text}`),
    )
    expect(found).toEqual([])
  })

  test('the product writes to the console through the streams it was given', () => {
    const found = findings(product, (file) =>
      file.names
        .filter(({ text }) => text.startsWith('console.'))
        .map(({ text, line }) => `${line} uses ${text}`),
    )
    expect(found).toEqual([])
  })

  test('the core reads no environment', () => {
    const found = findings(
      product.filter((file) => (ranks[moduleOf(file.path)] ?? 0) < 9),
      (file) =>
        file.names
          .filter(({ text }) => text === 'process.env' || text === 'process.argv')
          .map(({ text, line }) => `${line} uses ${text}`),
    )
    expect(found).toEqual([])
  })
})

describe('documents', () => {
  const documents = [...filesBelow('docs', ['.md']), 'README.md', 'CONTRIBUTING.md', 'CHANGELOG.md']

  test('every path that a document names exists', () => {
    const found = documents.filter(existsSync).flatMap((document) =>
      [...readFileSync(document, 'utf8').matchAll(/(?:`|\]\()((?:[\w.-]+\/)+[\w.-]*)(?:`|\))/g)]
        .map((match) => match[1]!)
        .filter((path) => /^(src|grammar|test|docs|examples|scripts|native|\.ci)\//.test(path))
        .filter((path) => !existsSync(path))
        .map((path) => `${document} names ${path}`),
    )
    expect(found).toEqual([])
  })

  test('no path of one machine stands anywhere', () => {
    const machine = /(^|[\s'"`(])\/(work|root|home|tmp)\/[a-z]/
    const texts = [
      ...documents.filter(existsSync),
      ...productFiles,
      ...filesBelow('examples', ['.ts', '.sql']),
    ]
    const found = texts.filter((path) => machine.test(readFileSync(path, 'utf8')))
    expect(found).toEqual([])
  })
})

describe('kernels', () => {
  test('there are at most 300 definitions', async () => {
    const { kernelDefinitions } = await import('../src/kernel/index.ts')
    const count = kernelDefinitions().size
    expect(count).toBeGreaterThan(0)
    expect(count).toBeLessThanOrEqual(300)
  })
})

describe('nothing stands idle', () => {
  test('every file, export and package is used', () => {
    const args = ['node_modules/knip/bin/knip.js', '--no-progress']
    const { stdout, status } = spawnSync(process.execPath, args, { encoding: 'utf8' })
    expect({ stdout, status }).toEqual({ stdout: '', status: 0 })
  })
})
