/**
 * Object rules: what else a database has names for, beside relations and functions: schemas, types and connections.
 */
import type { ParserMethod } from 'chevrotain'
import type { Statement, TypeName } from '../tree.ts'
import { word } from '../words.ts'
import { FunctionRules } from './function.ts'

export abstract class ObjectRules extends FunctionRules {
  /** SCHEMA [IF NOT EXISTS] name. */
  createSchema: ParserMethod<[number], Statement> = this.RULE(
    'createSchema',
    (start: number): Statement => {
      this.CONSUME(word.SCHEMA)
      const ifNotExists = this.SUBRULE(this.ifNotExists)
      const name = this.SUBRULE(this.path)
      return { kind: 'create-schema', name, ifNotExists, span: this.span(start) }
    },
  )

  /** TYPE [IF NOT EXISTS] name AS (member type, …) | type. */
  createType: ParserMethod<[number], Statement> = this.RULE(
    'createType',
    (start: number): Statement => {
      this.CONSUME(word.TYPE)
      const ifNotExists = this.SUBRULE(this.ifNotExists)
      const name = this.SUBRULE(this.path)
      this.CONSUME(word.AS)
      const begin = this.start()
      const type = this.OR([
        {
          ALT: (): TypeName => {
            const members = this.SUBRULE(this.typeMembers)
            return { kind: 'type', name: 'STRUCT', parameters: [], members, span: this.span(begin) }
          },
        },
        { ALT: (): TypeName => this.SUBRULE(this.type) },
      ])
      return { kind: 'create-type', name, ifNotExists, type, span: this.span(start) }
    },
  )

  /** CONNECTION [IF NOT EXISTS] name WITH (option = value, …). */
  createConnection: ParserMethod<[number], Statement> = this.RULE(
    'createConnection',
    (start: number): Statement => {
      this.CONSUME(word.CONNECTION)
      const ifNotExists = this.SUBRULE(this.ifNotExists)
      const name = this.SUBRULE(this.path)
      const options = this.SUBRULE(this.options)
      return { kind: 'create-connection', name, ifNotExists, options, span: this.span(start) }
    },
  )

  /** USE [SCHEMA] name: another spelling of SET search_path. */
  use = this.RULE('use', (): Statement => {
    const start = this.start()
    this.CONSUME(word.USE)
    this.OPTION({
      GATE: () => /^\w/.test(this.ahead(2).image) || this.ahead(2).image.startsWith('"'),
      DEF: () => this.CONSUME(word.SCHEMA),
    })
    const { parts } = this.SUBRULE(this.path)
    const value = this.ACTION(() => parts.map(({ name }) => name).join('.'))
    return { kind: 'set', name: 'search_path', value, span: this.span(start) }
  })
}
