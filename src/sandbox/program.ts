/**
 * Program: what runs in a sandbox around a function: its text in one of the forms that people write, and the entry that
 * is called with rows.
 *
 * How      A text is tried as what it may be, in this order: functions with `export`, as in other systems; an
 *          expression over the arguments, or for an aggregate the members of an object; statements with RETURN.
 * Contract 1 (checked) the first form that compiles counts; if none does, the last one's mistake is told.
 */
import { stripTypeScriptTypes } from 'node:module'
import type { Written } from '../data/index.ts'
import { wireProgram } from './wire.ts'

/** Texts of an expression whose value is the function, or the parts of the aggregate. */
export function formsOf({ name, text, parameters, aggregate }: Written): string[] {
  const list = parameters.join(', ')
  const statements = `(() => {\n${text.replace(/^(\s*)export\s+(default\s+)?/gm, '$1')}\n`
  return /^\s*export\s/m.test(text)
    ? [`${statements}return ${aggregate ? parts : exported(text, name)} })()`]
    : aggregate
      ? [`({\n${text}\n})`, `${statements}return ${parts} })()`]
      : [`((${list}) => (\n${text}\n))`, `((${list}) => {\n${text}\n})`]
}

/** The parts of an aggregate among functions; `create_state` is what RisingWave calls the first. */
const parts = "{ create: typeof create === 'function' ? create : create_state, accumulate, finish }"

/** The function of a name, case aside, or the first one. */
function exported(text: string, name: string): string {
  const names = [...text.matchAll(/^\s*export\s+(?:default\s+)?function\s*\*?\s*([\w$]+)/gm)].map(
    ([, found]) => found!,
  )
  return names.find((one) => one.toLowerCase() === name.toLowerCase()) ?? names[0] ?? name
}

/** The form in JavaScript: types become spaces, so that places stay where they are. */
export function plainForm(language: Written['language'], form: string): string {
  return language === 'typescript' ? stripTypeScriptTypes(form, { mode: 'strip' }) : form
}

/** What a deterministic function may not ask; aggregates are, unless they say otherwise. */
const noChance = (aggregate: boolean) => `
  const refuse = (what) => () => { throw new Error(what + ' in ${
    aggregate ? 'an aggregate that is not VOLATILE' : 'a DETERMINISTIC function'
  }') }
  Math.random = refuse('Math.random()')
  const Real = Date
  const now = refuse('the time')
  globalThis.Date = new Proxy(Real, {
    construct: (_, args) => (args.length === 0 ? now() : Reflect.construct(Real, args)),
    apply: now,
    get: (target, key) => (key === 'now' ? now : Reflect.get(target, key)),
  })`

/** The whole program: its value takes rows as text and gives outcomes, `{ v }` or `{ e }`, as text. */
export function programOf({ aggregate, batch, deterministic }: Written, form: string): string {
  const each = batch
    ? `(rows) => {
         const results = made(...Array.from({ length: made.length }, (_, at) => rows.map((row) => row[at])))
         if (typeof results !== 'object' || results === null || results.length !== rows.length)
           throw new Error('a batch gives an array with a result for each row')
         return Array.from(results, (v) => attempt(() => v))
       }`
    : aggregate
      ? `(rows) => [attempt(() => {
           let state = made.create()
           for (const row of rows) state = made.accumulate(state, ...row) ?? state
           return made.finish(state)
         })]`
      : '(rows) => rows.map((row) => attempt(() => made(...row)))'
  return `(() => {
    'use strict'
    const wire = ${wireProgram}
    const messageOf = (cause) => {
      if (!(cause instanceof Error)) return String(cause)
      return cause.name === 'Error' ? cause.message : cause.name + ': ' + cause.message
    }
    const attempt = (work) => {
      try {
        return '{"v":' + wire.encode(work()) + '}'
      } catch (cause) {
        return '{"e":' + wire.encode(messageOf(cause)) + '}'
      }
    }
    ${deterministic ? noChance(aggregate) : ''}
    const made = ${form}
    const waits = (part) => Object.prototype.toString.call(part) === '[object AsyncFunction]'
    if ([made, ...Object.values(made)].some(waits))
      throw new Error('it is async, and rows are computed without waiting')
    const run = ${each}
    return (text) => {
      try {
        return '[' + run(wire.decode(text)).join(',') + ']'
      } catch (cause) {
        return wire.encode({ e: messageOf(cause) })
      }
    }
  })()`
}
