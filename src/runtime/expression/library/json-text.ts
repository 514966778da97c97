/**
 * JSON text: documents, and their texts.
 *
 * How      A document is parsed with its numbers as they are written, so that no digit is lost on the way through.
 */

/** A number as its text. */
export class Digits {
  readonly text: string

  constructor(text: string) {
    this.text = text
  }
}

export type Json = null | boolean | string | Digits | Json[] | Map<string, Json>

/** Undefined when the text is no JSON. */
export function parse(text: string): Json | undefined {
  try {
    // JSON.parse gives a reviver the text of each number.
    const revive = (_: string, value: unknown, context?: { source?: string }): unknown => {
      if (typeof value === 'number') return new Digits(context?.source ?? String(value))
      const isObject = typeof value === 'object' && value !== null
      if (!isObject || Array.isArray(value) || value instanceof Digits) return value
      return new Map(Object.entries(value))
    }
    return JSON.parse(text, revive as Parameters<typeof JSON.parse>[1]) as Json
  } catch {
    return undefined
  }
}

export function print(value: Json): string {
  if (value instanceof Digits) return value.text
  if (Array.isArray(value)) return `[${value.map(print).join(',')}]`
  if (value instanceof Map) {
    return `{${[...value].map(([key, one]) => `${JSON.stringify(key)}:${print(one)}`).join(',')}}`
  }
  return JSON.stringify(value)
}
