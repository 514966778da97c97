/**
 * Function rules: CREATE FUNCTION, of a class or with arguments, and CREATE AGGREGATE.
 */
import type { Token } from '../scanner.ts'
import type { FunctionBody, Parameter, Statement, TypeName } from '../tree.ts'
import { identifier, kinds, word } from '../words.ts'
import { DefinitionRules } from './definition.ts'

type Body = FunctionBody['expression']

interface Clauses {
  returns: TypeName | null
  language: string | null
  strict: boolean
  /** Null where nothing is said. */
  deterministic: boolean | null
  batch: boolean
  body: Body | null
}

/** Words that promise that equal arguments give equal results. */
const promises: ReadonlySet<string> = new Set(['IMMUTABLE', 'STABLE', 'DETERMINISTIC'])

const isPromise = (upper: string) =>
  promises.has(upper) || upper === 'VOLATILE' || upper === 'BATCH'

export abstract class FunctionRules extends DefinitionRules {
  /** CREATE FUNCTION name AS 'class', CREATE FUNCTION | AGGREGATE name (a type, …) RETURNS type AS expression. */
  override createFunction = this.RULE(
    'createFunction',
    (start: number, orReplace: boolean): Statement => {
      const aggregate = this.OR([
        {
          ALT: () => {
            this.CONSUME(word.FUNCTION)
            return false
          },
        },
        {
          ALT: () => {
            this.CONSUME(word.AGGREGATE)
            return true
          },
        },
      ])
      const ifNotExists = this.SUBRULE(this.ifNotExists)
      const name = this.SUBRULE(this.path)
      const parameters = this.OPTION1(() => this.SUBRULE(this.functionParameters)) ?? null
      const clauses: Clauses = {
        returns: null,
        language: null,
        strict: false,
        deterministic: null,
        batch: false,
        body: null,
      }
      this.MANY(() => {
        Object.assign(clauses, this.SUBRULE(this.functionClause))
      })
      const { body } = clauses
      this.ACTION(() => {
        if (body === null) this.unexpected('AS')
      })
      const span = this.span(start)
      const head = { kind: 'create-function' as const, name, orReplace, ifNotExists }
      if (parameters === null) {
        this.ACTION(() => {
          if (!('kind' in body!) || body.kind !== 'function-text') this.unexpected("'('")
        })
        return { ...head, body: body as Body & { kind: 'function-text' }, span }
      }
      const { returns, language, strict, deterministic, batch } = clauses
      const kind = 'function-body' as const
      const words = { aggregate, strict, deterministic, batch }
      const made = { kind, parameters, returns, language, ...words, expression: body!, span }
      return { ...head, body: made, span }
    },
  )

  functionParameters = this.RULE('functionParameters', (): Parameter[] => {
    const parameters: Parameter[] = []
    this.CONSUME(kinds.open)
    this.MANY_SEP({
      SEP: kinds.comma,
      DEF: () => {
        const start = this.start()
        const name = this.identifierOf(this.CONSUME(identifier))
        const type = this.SUBRULE(this.type)
        parameters.push({ kind: 'function-parameter', name, type, span: this.span(start) })
      },
    })
    this.CONSUME(kinds.close)
    return parameters
  })

  functionClause = this.RULE(
    'functionClause',
    (): Partial<Clauses> =>
      this.OR({
        DEF: [
          {
            ALT: (): Partial<Clauses> => {
              this.CONSUME(word.RETURNS)
              return this.OR1([
                {
                  ALT: (): Partial<Clauses> => {
                    this.CONSUME(word.NULL)
                    this.SUBRULE(this.onNullInput)
                    return { strict: true }
                  },
                },
                { ALT: (): Partial<Clauses> => ({ returns: this.SUBRULE(this.type) }) },
              ])
            },
          },
          {
            ALT: (): Partial<Clauses> => {
              this.CONSUME(word.LANGUAGE)
              const { upper } = this.CONSUME(identifier) as Token
              return { language: upper }
            },
          },
          {
            ALT: (): Partial<Clauses> => {
              this.CONSUME(word.RETURN)
              return { body: this.SUBRULE(this.expression) }
            },
          },
          {
            ALT: (): Partial<Clauses> => {
              this.CONSUME(word.AS)
              return { body: this.SUBRULE(this.functionText) }
            },
          },
          {
            GATE: () => this.upper(1) === 'CALLED',
            ALT: (): Partial<Clauses> => {
              this.CONSUME1(identifier)
              this.SUBRULE1(this.onNullInput)
              return { strict: false }
            },
          },
          {
            GATE: () => this.upper(1) === 'STRICT',
            ALT: (): Partial<Clauses> => {
              this.CONSUME2(identifier)
              return { strict: true }
            },
          },
          {
            ALT: (): Partial<Clauses> => {
              this.ACTION(() => {
                const first = this.upper(1)
                if (first === 'ASYNC') this.unsupported('an ASYNC function')
                if (!isPromise(first)) this.unexpected('AS')
              })
              const { upper } = this.CONSUME3(identifier) as Token
              if (upper === 'BATCH') return { batch: true }
              return { deterministic: promises.has(upper) }
            },
          },
        ],
        IGNORE_AMBIGUITIES: true,
      }),
  )

  onNullInput = this.RULE('onNullInput', (): void => {
    this.CONSUME(word.ON)
    this.CONSUME(word.NULL)
    this.ACTION(() => this.expectWord('INPUT'))
    this.CONSUME(identifier)
  })

  /** The text of a function or, in parentheses, its expression. */
  functionText = this.RULE(
    'functionText',
    (): Body =>
      this.OR([
        {
          ALT: (): Body => {
            const { value, start, end } = this.CONSUME(kinds.string) as Token
            return { kind: 'function-text', value, span: { start, end } }
          },
        },
        {
          ALT: (): Body => {
            this.CONSUME(kinds.open)
            const expression = this.SUBRULE(this.expression)
            this.CONSUME(kinds.close)
            return expression
          },
        },
      ]),
  )
}
