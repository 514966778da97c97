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
  stbox ml_predict error_bound estimate
  row_offset event_id read_csv read_json read_parquet read_arrow neighbours events
`

export const plannedFunctions: ReadonlySet<string> = new Set(names.trim().split(/\s+/))
