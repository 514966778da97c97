/**
 * Source: what tidy needs to know of every TypeScript file, read once with the compiler's own parser.
 *
 * How      One walk over each syntax tree collects imports, exported names, function lengths and the calls and
 *          members that tidy's rules are about. Types are not needed, so nothing is type-checked.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, posix } from 'node:path'
import ts from 'typescript'

interface Import {
  /** As written. */
  specifier: string
  /** Path from the root for relative imports, else null. */
  target: string | null
  typeOnly: boolean
  line: number
}

export interface SourceFile {
  path: string
  lines: string[]
  imports: Import[]
  /** Names exported as values. */
  values: string[]
  exportsAll: boolean
  exportsDefault: boolean
  /** `lines` without those of functions inside. */
  functions: { name: string; line: number; lines: number }[]
  /** Dotted names that are read or called: `Date.now`, `setTimeout`, `process.env`. */
  names: { text: string; line: number }[]
  /** `any`, enums, namespaces, parameter properties and the like. */
  banned: { text: string; line: number }[]
}

/** Every file below `folder` that ends with one of `endings`. */
export function filesBelow(folder: string, endings: string[]): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && endings.some((ending) => entry.name.endsWith(ending)))
    .map((entry) => posix.normalize(join(entry.parentPath, entry.name)))
    .filter((path) => !path.includes('node_modules/'))
    .sort()
}

export function readSource(path: string): SourceFile {
  const text = readFileSync(path, 'utf8')
  const tree = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true)
  const file: SourceFile = {
    path,
    lines: text.split('\n'),
    imports: [],
    values: [],
    exportsAll: false,
    exportsDefault: false,
    functions: [],
    names: [],
    banned: [],
  }
  const lineOf = (node: ts.Node) => tree.getLineAndCharacterOfPosition(node.getStart()).line + 1
  const visit = (node: ts.Node): void => {
    readImport(file, node, lineOf)
    readExport(file, node)
    readFunction(file, node, tree)
    readNames(file, node, lineOf)
    readBanned(file, node, lineOf)
    ts.forEachChild(node, visit)
  }
  visit(tree)
  return file
}

function readImport(file: SourceFile, node: ts.Node, lineOf: (node: ts.Node) => number): void {
  let specifier: string | null = null
  let typeOnly = false
  if (ts.isImportDeclaration(node) && ts.isStringLiteral(node.moduleSpecifier)) {
    specifier = node.moduleSpecifier.text
    typeOnly = node.importClause?.phaseModifier === ts.SyntaxKind.TypeKeyword
    const named = node.importClause?.namedBindings
    if (
      named &&
      ts.isNamedImports(named) &&
      named.elements.every((element) => element.isTypeOnly)
    ) {
      typeOnly = true
    }
  } else if (ts.isExportDeclaration(node) && node.moduleSpecifier) {
    specifier = (node.moduleSpecifier as ts.StringLiteral).text
    typeOnly = node.isTypeOnly
  } else if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword) {
    const argument = node.arguments[0]
    if (argument && ts.isStringLiteral(argument)) specifier = argument.text
  } else if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)) {
    specifier = (node.argument.literal as ts.StringLiteral).text
    typeOnly = true
  }
  if (specifier === null) return
  const relative = specifier.startsWith('.')
  const target = relative ? posix.normalize(posix.join(dirname(file.path), specifier)) : null
  file.imports.push({ specifier, target, typeOnly, line: lineOf(node) })
}

function readExport(file: SourceFile, node: ts.Node): void {
  if (ts.isExportDeclaration(node)) {
    if (node.exportClause === undefined) file.exportsAll ||= !node.isTypeOnly
    else if (ts.isNamedExports(node.exportClause) && !node.isTypeOnly) {
      for (const element of node.exportClause.elements) {
        if (!element.isTypeOnly) file.values.push(element.name.text)
      }
    }
    return
  }
  if (ts.isExportAssignment(node)) file.exportsDefault = true
  const modifiers = ts.canHaveModifiers(node) ? (ts.getModifiers(node) ?? []) : []
  if (!modifiers.some((modifier) => modifier.kind === ts.SyntaxKind.ExportKeyword)) return
  if (modifiers.some((modifier) => modifier.kind === ts.SyntaxKind.DefaultKeyword)) {
    file.exportsDefault = true
  }
  if (ts.isFunctionDeclaration(node) || ts.isClassDeclaration(node)) {
    if (node.name) file.values.push(node.name.text)
  } else if (ts.isVariableStatement(node)) {
    for (const declaration of node.declarationList.declarations) {
      file.values.push(declaration.name.getText())
    }
  }
}

function readFunction(file: SourceFile, node: ts.Node, tree: ts.SourceFile): void {
  if (!ts.isFunctionLike(node) || !('body' in node) || node.body === undefined) return
  const start = tree.getLineAndCharacterOfPosition(node.getStart()).line
  const end = tree.getLineAndCharacterOfPosition(node.end).line
  const named = node.name ?? (ts.isVariableDeclaration(node.parent) ? node.parent.name : undefined)
  const name = named?.getText() ?? 'a function'
  const lines = end - start + 1 - nestedLines(node.body as ts.Node, tree)
  file.functions.push({ name, line: start + 1, lines })
}

/** Lines of the functions inside, which count for themselves: a closure with methods is read like a class. */
function nestedLines(node: ts.Node, tree: ts.SourceFile): number {
  let lines = 0
  ts.forEachChild(node, (child) => {
    if (ts.isFunctionLike(child)) {
      const start = tree.getLineAndCharacterOfPosition(child.getStart()).line
      lines += tree.getLineAndCharacterOfPosition(child.end).line - start
    } else lines += nestedLines(child, tree)
  })
  return lines
}

function readNames(file: SourceFile, node: ts.Node, lineOf: (node: ts.Node) => number): void {
  if (ts.isPropertyAccessExpression(node) && ts.isIdentifier(node.expression)) {
    file.names.push({ text: `${node.expression.text}.${node.name.text}`, line: lineOf(node) })
  } else if (ts.isCallExpression(node) && ts.isIdentifier(node.expression)) {
    file.names.push({ text: node.expression.text, line: lineOf(node) })
  } else if (
    ts.isNewExpression(node) &&
    ts.isIdentifier(node.expression) &&
    (node.arguments?.length ?? 0) === 0
  ) {
    file.names.push({ text: `new ${node.expression.text}()`, line: lineOf(node) })
  }
}

function readBanned(file: SourceFile, node: ts.Node, lineOf: (node: ts.Node) => number): void {
  const ban = (text: string) => file.banned.push({ text, line: lineOf(node) })
  if (node.kind === ts.SyntaxKind.AnyKeyword) ban('any')
  else if (ts.isEnumDeclaration(node)) ban('an enum')
  else if (ts.isModuleDeclaration(node) && !insideGlobal(node)) ban('a namespace')
  else if (ts.isDecorator(node)) ban('a decorator')
  else if (ts.isDebuggerStatement(node)) ban('debugger')
}

/** `declare global` and what stands in it describe the host; they make nothing. */
function insideGlobal(node: ts.Node): boolean {
  for (let at: ts.Node | undefined = node; at !== undefined; at = at.parent) {
    if (ts.isModuleDeclaration(at) && at.name.text === 'global') return true
  }
  return false
}
