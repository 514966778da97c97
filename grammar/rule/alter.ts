/**
 * Alter rules: ALTER STREAM | TABLE | SOURCE | VIEW | MATERIALIZED VIEW | SUBSCRIPTION.
 */
import { EOF } from 'chevrotain'
import type { Alteration, ColumnDefinition, Identifier, Statement } from '../tree.ts'
import { identifier, word } from '../words.ts'
import { ObjectRules } from './object.ts'

type Altered = Extract<Statement, { kind: 'alter' }>['object']

export abstract class AlterRules extends ObjectRules {
  alter = this.RULE('alter', (): Statement => {
    const start = this.start()
    this.CONSUME(word.ALTER)
    const object = this.SUBRULE(this.alteredObject)
    const ifExists = this.SUBRULE(this.ifExists)
    const name = this.SUBRULE(this.path)
    const change = this.SUBRULE(this.alteration)
    return { kind: 'alter', object, name, ifExists, change, span: this.span(start) }
  })

  #ends(distance: number): boolean {
    return this.LA(distance).tokenType === EOF || this.upper(distance) === ';'
  }

  alteredObject = this.RULE(
    'alteredObject',
    (): Altered =>
      this.OR([
        {
          ALT: (): Altered => {
            this.CONSUME(word.STREAM)
            return 'stream'
          },
        },
        {
          ALT: (): Altered => {
            this.CONSUME(word.TABLE)
            return 'table'
          },
        },
        {
          ALT: (): Altered => {
            this.CONSUME(word.SOURCE)
            return 'source'
          },
        },
        {
          ALT: (): Altered => {
            this.CONSUME(word.VIEW)
            return 'view'
          },
        },
        {
          ALT: (): Altered => {
            this.CONSUME(word.MATERIALIZED)
            this.CONSUME1(word.VIEW)
            return 'materialized view'
          },
        },
        {
          ALT: (): Altered => {
            this.CONSUME(word.SUBSCRIPTION)
            return 'subscription'
          },
        },
      ]),
  )

  alteration = this.RULE(
    'alteration',
    (): Alteration =>
      this.OR([
        {
          GATE: () => this.constraintAhead(2),
          ALT: () => this.SUBRULE(this.addConstraint),
        },
        { ALT: () => this.SUBRULE(this.addColumn) },
        {
          GATE: () => this.upper(2) === 'CONSTRAINT' && !this.#ends(3),
          ALT: () => this.SUBRULE(this.dropConstraint),
        },
        { ALT: () => this.SUBRULE(this.dropColumn) },
        { ALT: () => this.SUBRULE(this.renameWhat) },
        { ALT: () => this.SUBRULE(this.alterColumn) },
        { ALT: () => this.SUBRULE(this.setOptions) },
      ]),
  )

  /** ADD [COLUMN] [IF NOT EXISTS] column */
  addColumn = this.RULE('addColumn', (): Alteration => {
    const start = this.start()
    this.CONSUME(word.ADD)
    this.SUBRULE(this.columnWord)
    const ifNotExists = this.SUBRULE(this.ifNotExists)
    const at = this.LA(1)
    this.ACTION(() => {
      if (this.upper(1) === 'WATERMARK' && this.upper(2) === 'FOR') {
        this.unsupported('ALTER … ADD WATERMARK')
      }
    })
    const elements = { columns: [] as ColumnDefinition[], constraints: [], watermark: null }
    const column = this.SUBRULE(this.column, { ARGS: [elements] })
    this.ACTION(() => {
      if (elements.watermark !== null) this.mistaken('a watermark of a column that is added', at)
    })
    return { kind: 'add-column', column, ifNotExists, span: this.span(start) }
  })

  /** ADD [CONSTRAINT name] PRIMARY KEY (a) | UNIQUE (a) | CHECK (condition) | FOREIGN KEY (a) REFERENCES t */
  addConstraint = this.RULE('addConstraint', (): Alteration => {
    const start = this.start()
    this.CONSUME(word.ADD)
    const constraint = this.SUBRULE(this.tableConstraint)
    return { kind: 'add-constraint', constraint, span: this.span(start) }
  })

  /** DROP CONSTRAINT [IF EXISTS] name */
  dropConstraint = this.RULE('dropConstraint', (): Alteration => {
    const start = this.start()
    this.CONSUME(word.DROP)
    this.CONSUME(word.CONSTRAINT)
    const ifExists = this.SUBRULE(this.ifExists)
    const name = this.identifierOf(this.CONSUME(identifier))
    this.OPTION1(() => this.CONSUME(word.RESTRICT))
    return { kind: 'drop-constraint', name, ifExists, span: this.span(start) }
  })

  /** DROP [COLUMN] [IF EXISTS] name */
  dropColumn = this.RULE('dropColumn', (): Alteration => {
    const start = this.start()
    this.CONSUME(word.DROP)
    this.SUBRULE(this.columnWord)
    const ifExists = this.SUBRULE(this.ifExists)
    const column = this.identifierOf(this.CONSUME(identifier))
    return { kind: 'drop-column', column, ifExists, span: this.span(start) }
  })

  /** RENAME TO name, RENAME [COLUMN] name TO name */
  renameWhat = this.RULE('renameWhat', (): Alteration => {
    const start = this.start()
    this.CONSUME(word.RENAME)
    return this.OR([
      {
        GATE: () => this.LA(2).tokenType !== word.TO || this.#ends(3),
        ALT: (): Alteration => {
          this.CONSUME(word.TO)
          const to = this.SUBRULE(this.path)
          return { kind: 'rename', to, span: this.span(start) }
        },
      },
      {
        ALT: (): Alteration => {
          this.SUBRULE(this.columnWord)
          const column = this.identifierOf(this.CONSUME(identifier))
          this.CONSUME1(word.TO)
          const to = this.identifierOf(this.CONSUME1(identifier))
          return { kind: 'rename-column', column, to, span: this.span(start) }
        },
      },
    ])
  })

  /** ALTER [COLUMN] name SET DEFAULT value | DROP DEFAULT | SET NOT NULL | DROP NOT NULL | [SET DATA] TYPE type */
  alterColumn = this.RULE('alterColumn', (): Alteration => {
    const start = this.start()
    this.CONSUME(word.ALTER)
    this.SUBRULE(this.columnWord)
    const column = this.identifierOf(this.CONSUME(identifier))
    return this.OR([
      {
        GATE: () => this.upper(1) === 'TYPE' || this.upper(2) === 'DATA',
        ALT: () => this.SUBRULE(this.columnType, { ARGS: [start, column] }),
      },
      { ALT: () => this.SUBRULE(this.columnPromise, { ARGS: [start, column] }) },
    ])
  })

  /** [SET DATA] TYPE type [USING value] */
  columnType = this.RULE('columnType', (start: number, column: Identifier): Alteration => {
    this.OPTION(() => {
      this.CONSUME(word.SET)
      this.ACTION(() => this.expectWord('DATA'))
      this.CONSUME(identifier)
    })
    this.CONSUME(word.TYPE)
    const type = this.SUBRULE(this.type)
    const using = this.OPTION1(() => {
      this.CONSUME(word.USING)
      return this.SUBRULE(this.expression)
    })
    return { kind: 'set-type', column, type, using: using ?? null, span: this.span(start) }
  })

  /** SET DEFAULT value | DROP DEFAULT | SET NOT NULL | DROP NOT NULL */
  columnPromise = this.RULE('columnPromise', (start: number, column: Identifier): Alteration => {
    const sets = this.OR([
      {
        ALT: () => {
          this.CONSUME(word.SET)
          return true
        },
      },
      {
        ALT: () => {
          this.CONSUME(word.DROP)
          return false
        },
      },
    ])
    return this.OR1([
      {
        ALT: (): Alteration => {
          this.CONSUME(word.NOT)
          this.CONSUME(word.NULL)
          return { kind: 'set-not-null', column, notNull: sets, span: this.span(start) }
        },
      },
      {
        ALT: (): Alteration => {
          this.CONSUME(word.DEFAULT)
          const value = this.OPTION({
            GATE: () => sets,
            DEF: () => this.SUBRULE(this.expression),
          })
          this.ACTION(() => {
            if (sets && value === undefined) this.unexpected('an expression')
          })
          return { kind: 'set-default', column, value: value ?? null, span: this.span(start) }
        },
      },
    ])
  })

  /** SET (key = value, …) */
  setOptions = this.RULE('setOptions', (): Alteration => {
    const start = this.start()
    this.CONSUME(word.SET)
    const options = this.SUBRULE(this.pairs)
    return { kind: 'set-options', options, span: this.span(start) }
  })

  /** COLUMN, which may be left out. */
  columnWord = this.RULE('columnWord', (): void => {
    this.OPTION(() => this.CONSUME(word.COLUMN))
  })
}
