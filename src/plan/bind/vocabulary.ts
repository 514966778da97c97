/**
 * Vocabulary: functions that belong to the language and are not there yet.
 *
 * How      A name on this list is answered with `unsupported`, so that nobody takes a gap for a typing error. An
 *          entry goes when its function comes.
 */
const names = `
  between exists
  tumble_start tumble_end tumble_rowtime tumble_proctime hop_start hop_end
  hop_rowtime hop_proctime session_start session_end session_rowtime session_proctime tumble hop
  session cumulate struct_extract
  approx_count_distinct approx_percentile approx_quantile
  st_point st_makepoint st_x st_y st_geomfromtext st_geomfromwkb st_geomfromgeojson
  st_astext st_aswkb st_asgeojson st_distance st_distancesphere geo_distance haversine st_dwithin
  st_contains st_within st_intersects st_covers st_disjoint st_touches st_equals st_envelope
  st_makeenvelope st_buffer st_centroid st_area st_length st_azimuth st_simplify st_makeline
  point_in_polygon h3_latlng_to_cell h3_cell_to_parent h3_grid_disk geohash_encode geohash_decode
  stbox st_speed st_trajectory dwell enters exits to_changelog ml_predict error_bound estimate
  row_offset event_id read_csv read_json read_parquet read_arrow neighbours events
`

export const plannedFunctions: ReadonlySet<string> = new Set(names.trim().split(/\s+/))
