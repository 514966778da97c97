/**
 * Catalog: names, versions and dependents.
 */
import { describe, expect, test } from 'vitest'
import { parse, type Query } from '../../grammar/index.ts'
import { Catalog, type Relation } from '../../src/catalog/index.ts'

const schema = { fields: [{ name: 'x', type: { kind: 'integer' as const }, nullable: true }] }

function stream(name: string): Relation {
  return { kind: 'stream', name, schema, watermark: null }
}

function view(name: string, sql: string): Relation {
  const statement = parse(sql).script.statements[0]!
  if (statement.kind !== 'query-statement') throw new Error('the text is a query')
  const query: Query = statement.query
  return { kind: 'view', dialect: 'default', name, schema, watermark: null, query }
}

describe('catalog', () => {
  test('names are found without regard to case and listed as they were spelled', () => {
    const catalog = new Catalog()
    catalog.add(stream('Bid'))
    expect(catalog.get('bID')?.name).toBe('Bid')
    expect(catalog.get('bids')).toBeUndefined()
    expect(catalog.list().map((relation) => relation.name)).toEqual(['Bid'])
  })

  test('every change makes a new version', () => {
    const catalog = new Catalog()
    const versions = [catalog.version]
    catalog.add(stream('a'))
    versions.push(catalog.version)
    catalog.remove('A')
    versions.push(catalog.version)
    expect(new Set(versions).size).toBe(3)
    expect(catalog.get('a')).toBeUndefined()
  })

  test('a name is there once', () => {
    const catalog = new Catalog()
    catalog.add(stream('a'))
    expect(() => catalog.add(stream('A'))).toThrow('no relation is named A yet')
    expect(() => catalog.remove('b')).toThrow()
  })

  test('dependents are the views that read a relation, in any place of their query', () => {
    const catalog = new Catalog()
    catalog.add(stream('s'))
    catalog.add(stream('t'))
    catalog.add(view('plain', 'select x from S'))
    catalog.add(view('joined', 'select 1 from t join s on t.x = s.x'))
    catalog.add(view('derived', 'select 1 from (select x from (select x from s))'))
    catalog.add(view('windowed', "select 1 from tumble(s, x, interval '1' second)"))
    catalog.add(view('other', 'select s from t'))
    catalog.add(view('second', 'select x from plain'))
    catalog.add(view('faults', 'select * from plain.errors'))
    expect(catalog.dependents('s')).toEqual(['plain', 'joined', 'derived', 'windowed'])
    expect(catalog.dependents('PLAIN')).toEqual(['second', 'faults'])
    expect(catalog.dependents('second')).toEqual([])
  })
})
