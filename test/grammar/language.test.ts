/** Language: every construct of the dialect is read, or said by name and place not to be supported yet. */
import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { parse } from '../../grammar/index.ts'

const lines = readFileSync(new URL('language.sql', import.meta.url), 'utf8').split('\n')
const samples = lines.filter((line) => line !== '' && !line.startsWith('--'))

test.each(samples)('%s', (text) => {
  for (const { code, message, span } of parse(text).diagnostics) {
    expect({ code, message }).toEqual({
      code: 'unsupported',
      message: expect.stringMatching(/^not supported yet: ./),
    })
    expect(text.slice(span?.start, span?.end)).not.toBe('')
  }
})
