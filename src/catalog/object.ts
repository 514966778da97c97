/**
 * Object: what has a name beside relations and functions; plain JSON-able data.
 *
 * Contract 1 (trusted) names are spelled as the user wrote them; each kind has names of its own.
 */

export type CatalogObject = /** Where names of relations are; `main` is none of them. */ {
  kind: 'schema'
  name: string
}

export type ObjectKind = CatalogObject['kind']
